"""The built-in kinds, each put together from its file."""

from __future__ import annotations

from powerplan.components.board import Board, BoardOptions, BoardSpec
from powerplan.components.camera import Camera, CameraOptions, CameraSpec
from powerplan.components.load import Load, LoadOptions, LoadSpec
from powerplan.components.mcu import Mcu, McuOptions, McuSpec
from powerplan.components.microphone import Microphone, MicrophoneOptions, MicrophoneSpec
from powerplan.components.radio import Radio, RadioOptions
from powerplan.components.radio_profile import RadioSpec
from powerplan.components.registry import Kind
from powerplan.components.sensor import Sensor, SensorOptions, SensorSpec

MCU = Kind("mcu", McuSpec, McuOptions, Mcu)
BOARD = Kind("board", BoardSpec, BoardOptions, Board)
CAMERA = Kind("camera", CameraSpec, CameraOptions, Camera)
MICROPHONE = Kind("microphone", MicrophoneSpec, MicrophoneOptions, Microphone)
SENSOR = Kind("sensor", SensorSpec, SensorOptions, Sensor)
RADIO = Kind("radio", RadioSpec, RadioOptions, Radio)
LOAD = Kind("load", LoadSpec, LoadOptions, Load)
