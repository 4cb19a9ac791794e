"""Section B: measured TinyML products and boards."""

from __future__ import annotations

from functools import partial

from cascade.cost.energy import ClockPoint, race_to_sleep
from tests.cases.case import Case
from tests.cases.device import mean_current_a
from tests.components.parts import part, states, steps

# B01: model -> (idle mW, kernel load: uJ, ms, mW; input load: uJ, ms, mW; both: ms, mW; inference alone: uJ)
MAX78002 = {
    "aisegment_unet": (9.65, 839, 19.9, 51.75, 7.8, 51.81, 16, 192.9, 2604),
    "camvid_unet": (9.22, 856, 20.1, 51.87, 7.8, 52.08, 16.4, 195.93, 2722),
    "cats-dogs": (8.89, 176, 4.1, 51.78, 4.6, 51.68, 8.5, 120.02, 751),
    "cifar-10": (9.5, 911, 21.4, 52.05, 0.2775, 52.02, 1.6, 260.78, 397),
    "cifar-100-effnet2": (9.45, 2229, 53.8, 52.07, 0.2776, 51.46, 11.9, 511.05, 5965),
    "cifar-100-mixed": (9.42, 498, 11.8, 51.58, 0.2779, 51.85, 1.2, 167.52, 178),
    "cifar-100-mobilenet-v2-0.75": (9.42, 4134, 96.6, 52.23, 0.2777, 51.72, 14.4, 104.47, 1357),
    "cifar-100-residual": (9.25, 1153, 27, 51.99, 0.2779, 53.12, 1.3, 186.52, 223),
}


def active_j(power_w: float, duration_s: float) -> float:
    """Energy of a processor busy for a time at a power. [J]"""
    return race_to_sleep(duration_s * 1e6, [ClockPoint(1e6, power_w)], 1.0)[0].energy_j


def above_idle_uj(active_mw: float, idle_mw: float, duration_ms: float) -> float:
    return active_j((active_mw - idle_mw) * 1e-3, duration_ms * 1e-3) / 1e-6


def inference_uj(model: str) -> float:
    idle, _, _, _, load_ms, load_mw, both_ms, both_mw, _ = MAX78002[model]
    return above_idle_uj(both_mw, idle, both_ms) - above_idle_uj(load_mw, idle, load_ms)


# B14: energy of 600 s of an MSP430 with one task besides the idle system [J]
IDLE_J = 0.697
TASKS_J = {"comm": 2.381, "store": 8.166, "ttc": 0.759, "payload": 0.683}


def together_j(*names: str) -> float:
    """Energy of 600 s with several tasks, each adding what it draws above the idle system. [J]"""
    tasks = [(600.0, ((max(TASKS_J[name] - IDLE_J, 0.0) / 600 / 3.58, 600.0),)) for name in names]
    return mean_current_a(IDLE_J / 600 / 3.58, *tasks) * 3.58 * 600


def session_j(session: str) -> float:
    built = part({"profile": "bg96_nb_iot", "session": session})
    (step,) = steps(built, "send", data_bytes=20)
    return states(built)[step.state].power_w * step.duration_ns * 1e-9


CASES: list[Case] = [
    *(Case("B01", f"MAX78002 {model}, load of kernels", row[1], "uJ", 0.03,
           partial(above_idle_uj, row[3], row[0], row[2])) for model, row in MAX78002.items()),
    *(Case("B01", f"MAX78002 {model}, inference", row[8], "uJ", 0.03, partial(inference_uj, model))
      for model, row in MAX78002.items()),
    Case("B03", "MAX78002, energy of the longest wake-up", 0.2, "uJ", 0.0,
         lambda: active_j(4.09e-3, 46.9e-6) / 1e-6, "bound"),
    Case("B05", "apollo510 keyword, fast clock", 219.483, "uJ", 0.001, lambda: active_j(27.939e-3, 7.856e-3) / 1e-6),
    Case("B05", "apollo510 keyword, slow clock", 160.130, "uJ", 0.001, lambda: active_j(7.813e-3, 20.495e-3) / 1e-6),
    *(Case("B07", what, mj, "mJ", 0.003, lambda p=ma * volts, t=ms: active_j(p * 1e-3, t * 1e-3) / 1e-3)
      for what, ms, ma, volts, mj in (("STM32U5 float", 397.24, 24.095, 3.28, 31.395),
                                      ("STM32U5 int8", 171.92, 22.364, 3.28, 12.611),
                                      ("MAX78000", 1.67, 39.638, 3.7, 0.245))),
    *(Case("B14", f"MSP430, {' and '.join(names)} together", joules, "J", 0.06, partial(together_j, *names), "measured")
      for names, joules in ((("ttc", "comm"), 2.342), (("ttc", "store"), 8.185), (("payload", "comm"), 2.383))),
    Case("B16", "BG96 session, coverage class 0", 5.84, "J", 0.15, partial(session_j, "class_0"), "calibrated",
         "the mean is the profile's figure; its range 4.2 to 8.2 J is drawn"),
    Case("B16", "BG96 session, coverage class 1", 9.16, "J", 0.22, partial(session_j, "class_1"), "calibrated",
         "as above, 6.2 to 14.4 J"),
    *(Case("B18", f"nRF54LM20B Axon, {model}", uj, "uJ", 0.03, lambda i=ma, t=ms: active_j(i * 3e-3, t * 1e-3) / 1e-6)
      for model, ms, ma, uj in (("keyword", 4.5, 3.0, 40.5), ("anomaly", 1.3, 3.5, 13.7), ("person", 14.4, 2.8, 121),
                                ("image", 17.9, 2.7, 145))),
    Case("B20", "motion trigger against always-on vision, power left", 0.33, "of it", 0.01,
         lambda: mean_current_a(1.8e-3 / 3) / mean_current_a(5.5e-3 / 3), "bound"),
]  # fmt: skip
