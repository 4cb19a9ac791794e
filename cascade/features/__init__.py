"""What a model is fed: windows of a stream, log-mel spectra, scaled pixels, int8 numbers; plain numpy."""

from cascade.features.image import halve
from cascade.features.logmel import LogMel
from cascade.features.motion import MotionRange
from cascade.features.quantization import Quantization
from cascade.features.window import Window, window_starts

__all__ = ["LogMel", "MotionRange", "Quantization", "Window", "halve", "window_starts"]
