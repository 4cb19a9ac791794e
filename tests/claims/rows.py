"""Every row of CLAIMS.md: what shows it, or why it is out of scope.

Evidence is `file::test`, a file, or a command. `partly` says what is not there yet.
"""

from __future__ import annotations

from dataclasses import dataclass

SHOWN, PARTLY, OUT = "shown", "partly", "out of scope"


@dataclass(frozen=True)
class Row:
    """Answer to one claim."""

    id: str
    evidence: tuple[str, ...]
    status: str = SHOWN
    note: str = ""


DEMO = "tests/claims/test_demonstrations.py::"
RUN, COMMANDS = "tests/whole/test_run.py::", "tests/whole/test_commands.py::"
SWEEP, COST = "tests/whole/test_sweep.py::", "tests/whole/test_cost.py::"
REPORT = "tests/whole/test_report.py::"
HAND, LANGUAGE = "tests/products/test_hand.py::", "tests/products/test_language.py::"
REALISTIC = "tests/products/test_realistic.py::"
CAMERA, RADIO = "tests/components/test_camera.py::", "tests/components/test_radio.py::"
SENSOR, MICROPHONE = "tests/components/test_sensor.py::", "tests/components/test_microphone.py::"
STORE = "tests/components/test_store_forward.py::"
MCU, PROFILES = "tests/components/test_mcu.py::", "tests/components/test_profiles.py::"
VALIDATE, PAGE = "tests/components/test_validate.py::", "tests/report/test_page.py::"
PICTURES = "tests/report/test_pictures.py::"
ENERGY, ESTIMATE = "tests/cost/test_energy.py::", "tests/cost/test_estimate.py::"
MEMORY, ELF = "tests/cost/test_memory.py::", "tests/cost/test_elf.py::"
TABLE, VALIDATION = "tests/cost/test_table.py::", "tests/cost/test_validation.py::"
LIFE, LOOK = "tests/battery/test_life.py::", "tests/cascade/test_look.py::"
TFLITE, ZOO = "tests/cascade/test_tflite.py::", "tests/cascade/test_zoo.py::"
DECIDE, DIFF, OPTIMIZE = (f"tests/decide/test_{name}.py::" for name in ("compare", "diff", "optimize"))
BOTH, MODELS = "tests/cascade/test_two_levels_or_one.py::", "tests/cascade/test_model_compare.py::"
QUANTIZE = "tests/cascade/test_quantize.py::"
CSWEEP, CRUN = "tests/cascade/test_sweep.py::", "tests/cascade/test_runtime.py::"

ROWS: tuple[Row, ...] = (
    Row(
        "C1",
        (
            DEMO + "test_195_nanoampere_is_no_work",
            ENERGY + "test_no_processor_computes_below_a_microampere_per_megahertz",
        ),
    ),
    Row(
        "C2",
        (
            DEMO + "test_minutes_of_the_wrong_claim",
            ESTIMATE + "test_mobilenet_on_an_stm32l475_is_a_range",
            ESTIMATE + "test_mobilenet_does_not_fit_an_stm32l475",
            "scenarios/glacier_watch.l475.yaml",
        ),
    ),
    Row("C3", (MCU + "test_floating_point_is_a_property_of_the_chip", ESTIMATE + "test_float_needs_an_fpu")),
    Row(
        "C4",
        (
            CAMERA + "test_start_is_boot_power_on_init_and_settle_frames",
            CAMERA + "test_ov2640_starts_in_a_third_of_a_second_to_two_seconds",
        ),
    ),
    Row("C5", (CAMERA + "test_always_on_beats_gating_below_the_break_even_interval",)),
    Row("C6", (CAMERA + "test_resolution_changes_the_draw_but_not_in_proportion",)),
    Row(
        "C7",
        (
            DEMO + "test_one_dense_layer",
            LOOK + "test_profile_prints_sizes_flops_and_draws_what_is_inside",
        ),
    ),
    Row("C8", (MEMORY + "test_size_and_time_are_two_things", MEMORY + "test_each_gate_fails_alone")),
    Row(
        "C9",
        (
            DEMO + "test_pruned_weights_save_nothing_in_flash",
            LOOK + "test_profile_prints_sizes_flops_and_draws_what_is_inside",
        ),
    ),
    Row("C10", (DEMO + "test_int8_is_not_a_quarter", TFLITE + "test_notes_of_a_misleading_name")),
    Row("C11", (DEMO + "test_cycles_against_radio", REPORT + "test_sending_the_raw_data_beside_computing",
                REPORT + "test_a_satellite_message_takes_more_than_computing")),
    Row(
        "C12",
        (
            BOTH + "test_the_mean_falls_and_the_longest_grows",
            BOTH + "test_recall_is_capped_by_level_1",
        ),
    ),
    Row("C13", (ENERGY + "test_race_to_sleep_numbers", "command: powerplan model race")),
    Row("C14", (MEMORY + "test_size_and_time_are_two_things", DEMO + "test_inputs_and_scope")),
    Row("C15", (ESTIMATE + "test_an_unusable_runtime_is_explained",)),
    Row(
        "C16",
        (MEMORY + "test_each_gate_fails_alone", "device_profiles/mcu/stm32l4r5.yaml"),
        SHOWN,
        "no global budget: the profile decides",
    ),
    Row("R01", (PAGE + "test_page_one_holds_the_answer",)),
    Row("R02", (DEMO + "test_an_event_without_a_rate", LANGUAGE + "test_messages_bytes_and_own_metrics")),
    Row(
        "R03",
        (
            DEMO + "test_which_processor_is_better_depends_on_the_rate",
            OPTIMIZE + "test_the_grid_is_brute_force",
            DECIDE + "test_what_cannot_be_compared_is_refused",
        ),
        SHOWN,
        "a grid of devices is `powerplan optimize --over`",
    ),
    Row("R04", (RUN + "test_energy_of_the_parts_closes_against_the_battery",)),
    Row("R05", (CSWEEP + "test_no_pair_of_the_front_is_beaten", SWEEP + "test_the_command_writes_its_files")),
    Row(
        "R06",
        (
            MEMORY + "test_each_gate_fails_alone",
            "tests/battery/test_cells.py::test_supply_gate_of_the_smart_lock",
            COMMANDS + "test_an_operator_the_runtime_lacks_is_not_feasible",
            "scenarios/hand/wake_word_remote.b.yaml",
        ),
    ),
    Row(
        "R07",
        (
            DECIDE + "test_causes_by_hand",
            DECIDE + "test_differences_by_hand",
        ),
    ),
    Row(
        "R08", (COMMANDS + "test_verify_exits_by_the_verdicts", "tests/decide/test_verdict_files.py::test_junit_counts")
    ),
    Row("R09", (COMMANDS + "test_verify_exits_by_the_verdicts", LANGUAGE + "test_messages_bytes_and_own_metrics",
                HAND + "test_hand_result")),
    Row(
        "R10",
        (
            SWEEP + "test_the_recommended_pair_lives_longest_among_those_that_meet",
            CSWEEP + "test_the_recommended_pair_keeps_every_constraint_with_least_escalation",
        ),
        SHOWN,
        "over thresholds",
    ),
    Row("R11", ("tests/test_units.py::test_refused", "tests/test_amount.py::test_numbers_without_a_unit")),
    Row("R12", ("scenarios/smart_lock_camera_fp.yaml", HAND + "test_hand_result")),
    Row(
        "R13", ("scenarios/doorbell_camera.yaml", "scenarios/wake_word_remote.yaml", "scenarios/vibration_monitor.yaml")
    ),
    Row("R14", (PAGE + "test_chinese_comes_with_its_font", PICTURES + "test_characters_are_drawn_or_named")),
    Row("S01", (CAMERA + "test_ov2640_starts_in_a_third_of_a_second_to_two_seconds",)),
    Row("S02", (CAMERA + "test_ov2640_starts_in_a_third_of_a_second_to_two_seconds",)),
    Row("S03", (DEMO + "test_dip_of_four_aa_cells", LIFE + "test_pulse_voltage_by_hand")),
    Row("S04", (CAMERA + "test_always_on_beats_gating_below_the_break_even_interval",)),
    Row("S05", (DEMO + "test_start_of_the_camera_every_minute", CAMERA + "test_start_charge_per_cycle_is_exact")),
    Row("S06", (CAMERA + "test_resolution_changes_the_draw_but_not_in_proportion",)),
    Row("S07", (DEMO + "test_sensor_current_never_falls_with_its_rate", RUN + "test_more_demand_never_lives_longer")),
    Row(
        "S08",
        (HAND + "test_failures_name_the_drain_and_a_change", REPORT + "test_tornado_ranks_the_figures_of_the_life"),
        SHOWN,
        "drains and figures are ranked, the smallest sufficient change is named",
    ),
    Row(
        "S09",
        (
            DEMO + "test_microphones_draw_current_and_promise_no_accuracy",
            DEMO + "test_without_scores_accuracy_is_not_evaluated",
            "tests/cascade/test_decision.py::test_what_cannot_be_evaluated_is_neither_0_nor_1",
        ),
        SHOWN,
        "accuracy comes from scores only, never from a number of microphones",
    ),
    Row(
        "S10",
        (
            MICROPHONE + "test_an_array_draws_count_times_one_microphone_exactly",
            MICROPHONE + "test_processing_grows_by_a_share_per_microphone",
            MICROPHONE + "test_one_of_an_array_waits_the_others_are_off",
        ),
    ),
    Row("S11", (SENSOR + "test_gnss_draws_more_than_a_processor",)),
    Row("S12", (SENSOR + "test_thirty_two_samples_cut_the_wake_ups_by_thirty_two",)),
    Row(
        "S13",
        (
            "powerplan/workload/arrivals.py",
            SENSOR + "test_a_full_fifo_wakes_the_processor",
            LANGUAGE + "test_burst_and_lock_out",
            LIFE + "test_policy_steps_down_with_hysteresis_and_lasts_longer",
            "tests/workload/test_hours.py::test_releases_lie_in_the_hours",
        ),
    ),
    Row(
        "S14",
        (
            "tests/components/test_airtime.py::test_a_frame_over_an_8_bit_bus_takes_bytes_over_rate",
            CAMERA + "test_a_slow_bus_sets_the_time_per_frame_and_holds_the_processor",
        ),
    ),
    Row("M01", (VALIDATION + "test_latency_error", COST + "test_every_answer_is_a_range_with_its_basis")),
    Row("M02", (ESTIMATE + "test_float_needs_an_fpu",)),
    Row(
        "M03",
        (TFLITE + "test_counts_of_published_models", VALIDATION + "test_the_work_of_the_models_is_that_of_their_files"),
    ),
    Row("M04", (ESTIMATE + "test_operators_without_multiplications_take_time", TABLE + "test_features_cost_time_too")),
    Row("M05", (DEMO + "test_one_dense_layer",)),
    Row(
        "M06",
        ("scenarios/glacier_watch.yaml",),
        SHOWN,
        "`macs:` where there is no file; the figure's source is in the report",
    ),
    Row("M07", (LOOK + "test_a_picture_of_layers_names_the_largest", MEMORY + "test_size_and_time_are_two_things")),
    Row(
        "M08",
        (
            MEMORY + "test_twenty_kilobytes_of_flash",
            DEMO + "test_weights_are_not_the_whole_file",
            TABLE + "test_an_accelerator_on_the_chip_is_used",
        ),
    ),
    Row(
        "M09",
        (
            MODELS + "test_one_without_the_other_is_refused",
            MODELS + "test_accuracy_and_speed_with_their_changes",
        ),
    ),
    Row(
        "M10",
        (
            TFLITE + "test_counts_of_published_models",
            "tests/cascade/test_interpreter.py::test_dequantize_takes_quantize_back",
        ),
    ),
    Row(
        "M11",
        (
            LOOK + "test_signal_against_range_of_a_gaussian",
            LOOK + "test_ranges_of_the_keyword_model",
            LOOK + "test_a_curve_falls_on_both_sides_and_zeros_are_counted",
        ),
    ),
    Row(
        "M12",
        (
            LOOK + "test_signal_against_range_of_a_gaussian",
            LOOK + "test_ranges_of_the_keyword_model",
        ),
    ),
    Row(
        "M13",
        (
            QUANTIZE + "test_few_representative_samples_are_refused",
            QUANTIZE + "test_the_hash_of_what_calibrates_follows_the_data_and_the_seed",
            QUANTIZE + "test_without_tensorflow_the_same_bytes_each_time",
        ),
    ),
    Row("M14", (MODELS + "test_accuracy_and_speed_with_their_changes", ESTIMATE + "test_float_needs_an_fpu",
                LOOK + "test_float_runs_but_not_with_the_fast_kernels")),
    Row("M15", ("cascade/cost/cores.py", ESTIMATE + "test_every_core_of_the_device_profiles_is_known")),
    Row(
        "M16",
        (TABLE + "test_runs_of_unknown_kernels_are_left_out",),
        SHOWN,
        "runtime and version stand with each measured row",
    ),
    Row(
        "M17",
        ("tests/cost/test_imports.py::test_own_measurements_are_positive",),
        OUT,
        "hand-written kernels cannot be foreseen; a measured `latency:` replaces the estimate",
    ),
    Row("M18", (MEMORY + "test_size_and_time_are_two_things", "scenarios/hand/wake_word_remote.b.yaml",
                "scenarios/hand/glacier_watch.l475.yaml", HAND + "test_hand_result"), SHOWN,
        "the first of the two fits and is too slow, the second would be fast enough and does not fit"),
    Row("M19", (RUN + "test_closed_form_agrees", HAND + "test_hand_result")),
    Row("M20", (ESTIMATE + "test_macs_by_formula",)),
    Row("M21", (ESTIMATE + "test_macs_by_formula",)),
    Row(
        "M22",
        (
            ESTIMATE + "test_mobilenet_on_an_stm32l475_is_a_range",
            COMMANDS + "test_ignore_fit_computes_on_and_the_verdict_stays",
        ),
    ),
    Row("M23", (ESTIMATE + "test_mobilenet_does_not_fit_an_stm32l475",)),
    Row("M24", (DEMO + "test_weights_are_not_the_whole_file",)),
    Row("M25", (MEMORY + "test_size_and_time_are_two_things",)),
    Row("M26", (TFLITE + "test_notes_of_a_misleading_name", TFLITE + "test_a_float_model_called_int8")),
    Row(
        "M27",
        (
            LOOK + "test_weights_by_hand",
        ),
    ),
    Row(
        "M28",
        (DEMO + "test_int8_is_not_a_quarter",),
        SHOWN,
        "sizes are read from the file, no factor is promised",
    ),
    Row("M29", (ZOO + "test_figures_follow_from_the_tables", "tests/cascade/test_statistics.py::test_wilson")),
    Row(
        "M30",
        (
            MODELS + "test_the_frontier_holds_what_no_other_variant_beats",
            QUANTIZE + "test_a_sweep",
        ),
    ),
    Row("M31", (ESTIMATE + "test_float_needs_an_fpu",)),
    Row(
        "M32",
        (
            ESTIMATE + "test_float_needs_an_fpu",
            "device_profiles/mcu/stm32l152.yaml",
            "device_profiles/mcu/stm32l475.yaml",
        ),
    ),
    Row("M33", (DEMO + "test_fewer_bits_than_any_kernel_has", ESTIMATE + "test_more_bits_and_slower_memory_cost_time")),
    Row("M34", (LOOK + "test_what_runs_a_real_model", LOOK + "test_float_runs_but_not_with_the_fast_kernels")),
    Row("M35", (VALIDATION + "test_latency_error", "docs/inference-error.md")),
    Row(
        "M36",
        (
            TABLE + "test_an_accelerator_on_the_chip_is_used",
            "tests/cost/test_vela.py::test_the_summary_of_a_run_is_its_cost",
            LOOK + "test_what_runs_a_real_model",
        ),
    ),
    Row("M37", (ESTIMATE + "test_names_of_runtimes",)),
    Row("M38", (ESTIMATE + "test_float_needs_an_fpu",), SHOWN, "no factor is promised; it differs by core"),
    Row("M39", (VALIDATION + "test_the_page_says_what_comes_out", "docs/inference-error.md")),
    Row(
        "M40",
        (
            ESTIMATE + "test_a_measurement_of_the_device_narrows_the_estimate",
            TABLE + "test_a_measurement_of_the_user_comes_first",
            "tests/cost/test_imports.py::test_results_of_other_tools",
        ),
    ),
    Row(
        "M41",
        (COST + "test_every_answer_is_a_range_with_its_basis", CRUN + "test_two_levels_over_real_clips"),
        SHOWN,
        "the time on this computer is never used for a device",
    ),
    Row("M42", (ZOO + "test_figures_follow_from_the_tables",)),
    Row("M43", (ESTIMATE + "test_more_bits_and_slower_memory_cost_time",)),
    Row(
        "K01",
        (
            MODELS + "test_sizes_beside_the_first",
        ),
    ),
    Row("K02", ("scenarios/README.md",), SHOWN, "variants A, B, C are files with one other model each"),
    Row("K03", (DEMO + "test_pruned_weights_save_nothing_in_flash",)),
    Row("K04", (), OUT, "pruning by second derivatives happens in training; its result is a model like any other"),
    Row(
        "K05",
        (
            LOOK + "test_a_curve_falls_on_both_sides_and_zeros_are_counted",
        ),
    ),
    Row("K06", (TFLITE + "test_counts_of_published_models",)),
    Row("K07", (DEMO + "test_codebook", DEMO + "test_fewer_bits_than_any_kernel_has"), SHOWN,
        "the formula; no runtime is credited with lookup tables, so clustered weights take their full size in flash"),
    Row("K08", (DEMO + "test_pruned_weights_save_nothing_in_flash",)),
    Row("K09", (DEMO + "test_pruned_weights_save_nothing_in_flash", QUANTIZE + "test_a_sweep", "docs/models.md"), SHOWN,
        "what each step shrinks, and what not, stands in docs/models.md; accuracy is measured for every variant"),
    Row("K10", (ZOO + "test_level_2_is_the_better_one",), SHOWN, "a student is a model like any other"),
    Row("K11", ("docs/models.md", DEMO + "test_what_changed_since_the_texts_stands_in_the_guide")),
    Row("K12", (DEMO + "test_inputs_and_scope",)),
    Row(
        "K13",
        (
            MODELS + "test_the_frontier_holds_what_no_other_variant_beats",
            MODELS + "test_a_picture_of_variants",
        ),
    ),
    Row("K14", (DEMO + "test_inputs_and_scope",)),
    Row("K15", (DEMO + "test_inputs_and_scope",)),
    Row(
        "K16",
        (
            RUN + "test_same_seed_same_bytes",
            DIFF + "test_what_changed_and_what_moved",
        ),
    ),
    Row("K17", (MEMORY + "test_size_and_time_are_two_things", COST + "test_every_answer_is_a_range_with_its_basis")),
    Row("K18", (ESTIMATE + "test_macs_by_formula",), SHOWN, "width and size are arguments of the formula"),
    Row("F01", (ZOO + "test_three_cascades_ship",)),
    Row("F02", ("docs/inference-error.md",), SHOWN, "only operations of inference are named anywhere"),
    Row("F03", ("scenarios/wake_word_remote.yaml", CRUN + "test_windows_of_a_stream_are_its_slices")),
    Row(
        "F04",
        (
            "tests/cascade/test_state_gate.py::test_state_needs_a_sleep_that_keeps_it",
        ),
    ),
    Row(
        "F05",
        ("scenarios/fall_band.yaml", "scenarios/fall_band.c.yaml", DECIDE + "test_differences_by_hand"),
        SHOWN,
        "variant A is convolutional, variant C recurrent: `powerplan compare fall_band.yaml fall_band.c.yaml`",
    ),
    Row(
        "F06",
        ("cascade/runtimes.py", LOOK + "test_what_runs_a_real_model"),
        SHOWN,
        "interpreter, generated code (X-CUBE-AI), accelerator",
    ),
    Row("F07", (ZOO + "test_hashes_and_sizes_are_those_of_the_manifest",)),
    Row("F08", (ESTIMATE + "test_an_unknown_core_names_those_that_are_known",)),
    Row("F09", ("docs/models.md", DEMO + "test_what_changed_since_the_texts_stands_in_the_guide"), SHOWN,
        "C++17 is what TFLM needs now: said where the firmware's sources are made"),
    Row("F10", (COMMANDS + "test_an_operator_the_runtime_lacks_is_not_feasible", LOOK + "test_what_runs_a_real_model")),
    Row("F11", ("scenarios/wake_word_remote.yaml", "tests/report/test_pictures.py::test_every_plot_draws")),
    Row("F12", (COMMANDS + "test_other_model_formats_are_refused_with_a_way_out", TFLITE + "test_what_is_no_model")),
    Row("F13", (ESTIMATE + "test_an_unusable_runtime_is_explained",)),
    Row("F14", (ESTIMATE + "test_an_unusable_runtime_is_explained",)),
    Row("F15", (PROFILES + "test_the_promised_parts_are_there",)),
    Row(
        "F16",
        (ESTIMATE + "test_every_core_of_the_device_profiles_is_known",),
        SHOWN,
        "the core decides the kernels; unknown hardware runs with stated figures",
    ),
    Row("F17", (TABLE + "test_an_accelerator_on_the_chip_is_used",)),
    Row("F18", (VALIDATION + "test_the_published_rows_are_those_of_the_facts",)),
    Row(
        "F19",
        (TFLITE + "test_counts_of_published_models",),
        SHOWN,
        "counted by reference, and three trained pairs ship",
    ),
    Row(
        "F20",
        (
            VALIDATE + "test_profiles_beside_the_scenario_come_first",
            "tests/components/test_load_registry.py::test_a_new_kind_of_part_comes_from_another_package",
        ),
    ),
    Row("F21", (), OUT, "learning on the device; the cost of an update is P07"),
    Row(
        "F22",
        (
            COMMANDS + "test_own_models_and_data_make_the_scores",
            "tests/cascade/test_train.py::test_missing_data_say_what_to_install",
        ),
    ),
    Row("P01", (LIFE + "test_every_influence_has_its_direction", "docs/published-cases.md")),
    Row("P02", (VALIDATE + "test_a_broken_rule_is_found", MCU + "test_waking_takes_its_time_and_a_reset_boots")),
    Row(
        "P03",
        ("tests/decide/test_solve.py::test_largest_rate", "tests/decide/test_solve.py::test_answers_by_hand",
         HAND + "test_failures_name_the_drain_and_a_change"),
        SHOWN,
        "`powerplan solve`: every value tried is a run; a FAIL names the smallest sufficient change",
    ),
    Row("P04", (REPORT + "test_the_class_of_the_mean_power_is_said",
                REPORT + "test_a_milliwatt_on_a_coin_cell_is_warned_about")),
    Row("P05", (SWEEP + "test_the_command_writes_its_files",)),
    Row("P06", (PAGE + "test_page_one_holds_the_answer",)),
    Row(
        "P07",
        (
            DEMO + "test_an_update_of_300_kb_over_lora",
            DEMO + "test_an_update_by_bluetooth_takes_seconds",
            RADIO + "test_an_update_keeps_the_charge_of_its_packets_in_few_steps",
            "scenarios/fall_band.update.yaml",
        ),
    ),
    Row(
        "P08",
        (
            DEMO + "test_expected_tries",
            RADIO + "test_retries",
            STORE + "test_every_try_costs_and_the_message_waits_between",
            STORE + "test_how_late_a_message_is_delivered",
            STORE + "test_a_full_store_loses_messages",
            "scenarios/fall_band.away.yaml",
        ),
        SHOWN,
        "`retry_after` and `keeps` of a radio; every try has the same chance, an outage without messages is not drawn",
    ),
    Row(
        "P09",
        (LANGUAGE + "test_messages_bytes_and_own_metrics",),
        SHOWN,
        "bytes_sent is a metric and may be a requirement",
    ),
    Row("P10", (DEMO + "test_cycles_against_radio",)),
    Row("P11", (DEMO + "test_cycles_against_radio", HAND + "test_lesson",
                REPORT + "test_sending_the_raw_data_beside_computing")),
    Row(
        "P12",
        (
            "scenarios/glacier_watch.yaml",
            "tests/battery/test_supply_questions.py::test_which_capacitor_and_what_it_costs",
        ),
    ),
    Row("P13", (DEMO + "test_195_nanoampere_is_no_work",)),
    Row("P14", (ENERGY + "test_race_to_sleep_numbers",)),
    Row(
        "P15",
        (
            "tests/components/test_rests.py::test_a_camera_is_switched_off_where_the_gap_pays_for_its_start",
            "tests/components/test_rests.py::test_the_choice_is_never_worse_than_any_other",
            DEMO + "test_a_gap_too_short_to_switch_off",
            MCU + "test_waking_takes_its_time_and_a_reset_boots",
        ),
    ),
    Row("P16", (HAND + "test_hand_result", LANGUAGE + "test_locked_spans")),
    Row("P17", ("scenarios/cat_counter.yaml", LANGUAGE + "test_messages_bytes_and_own_metrics")),
    Row("P18", ("scenarios/glacier_watch.yaml", "scenarios/tortoise_tracker.yaml")),
    Row("P19", ("scenarios/tortoise_tracker.yaml",)),
    Row(
        "P20",
        (
            DECIDE + "test_a_year_of_life_costs_its_cells",
            DECIDE + "test_cost_names_what_is_missing",
        ),
        SHOWN,
        "prices are optional and marked assumed where nobody stated them",
    ),
    Row("P21", (MCU + "test_the_l475_has_the_memory_the_texts_say",)),
    Row(
        "P22",
        (MCU + "test_a_processor_without_profile",),
        SHOWN,
        "any clock and memory may be stated; nothing assumes a size",
    ),
    Row("D01", (ZOO + "test_models_reproduce_the_rows_of_the_score_table", CRUN + "test_two_levels_over_real_clips")),
    Row("D02", (DEMO + "test_three_levels",)),
    Row("D03", ("tests/cascade/test_decision.py::test_escalation", "scenarios/doorbell_camera.yaml")),
    Row(
        "D04",
        (
            BOTH + "test_the_mean_falls_and_the_longest_grows",
        ),
    ),
    Row("D05", (SWEEP + "test_independence_is_compared_by_rows",)),
    Row("D06", (CSWEEP + "test_a_sweep_is_every_single_evaluation", SWEEP + "test_a_pair_counts_as_a_run_of_it")),
    Row("E01", (MEMORY + "test_each_gate_fails_alone",), SHOWN, "the profile decides, no preset"),
    Row("E02", (MEMORY + "test_each_gate_fails_alone",), SHOWN, "as E01"),
    Row("E03", (MEMORY + "test_twenty_kilobytes_of_flash",)),
    Row("E04", (MEMORY + "test_size_and_time_are_two_things",), SHOWN, "weights count as flash, the arena as RAM"),
    Row(
        "E05",
        (
            "tests/cost/test_memory_tiers.py::test_an_arena_in_external_memory_costs_time_and_sleep_current",
            "tests/cost/test_memory_tiers.py::test_an_arena_outside_leaves_the_ram_to_the_program",
        ),
    ),
    Row("E06", (ELF + "test_flash_and_ram_of_a_firmware", ELF + "test_hostile_files")),
    Row("E07", (ELF + "test_a_baseline_shows_what_the_framework_takes",)),
    Row("E08", ("tests/cascade/test_agreement.py::test_the_lower_bound_and_the_measured_arena",)),
    Row("E09", (MEMORY + "test_a_fifth_of_the_ram_stays_for_the_stack",)),
    Row("E10", (DEMO + "test_advice_on_objects_stands_beside_the_ram",), SHOWN,
        "advice beside the sizes; how a program declares its objects is not seen from outside"),
    Row("E11", (ELF + "test_a_baseline_shows_what_the_framework_takes",)),
    Row("E12", (MEMORY + "test_kernels_count_once_and_all_of_them_much",)),
    Row("E13", (ELF + "test_a_baseline_shows_what_the_framework_takes",)),
    Row("A01", ("scenarios/README.md", REALISTIC + "test_all_products_and_variants_are_there")),
    Row("A02", ("scenarios/wake_word_remote.yaml",), SHOWN, "language only as a keyword"),
    Row(
        "A03",
        (DEMO + "test_nothing_trains_unasked", "tests/cascade/test_train.py::test_the_command_explains_missing_data"),
        SHOWN,
        "training is a command of its own",
    ),
    Row(
        "A04",
        ("demo.sh", DEMO + "test_a_newcomer_types_one_command_for_a_report_and_three_for_an_own_product"),
        SHOWN,
        "one command to the first report, at most three to an own product, nothing asked; minutes are the machine's",
    ),
    Row("A05", ("scenarios/forest_listener.yaml", "device_profiles/load/sd_card.yaml")),
    Row("A06", (COST + "test_all_devices_are_answered_or_say_why_not", "command: powerplan model cost")),
)
