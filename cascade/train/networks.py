"""Keras networks from short layer lists."""

from __future__ import annotations

from typing import Any

from cascade.train.recipe import Network


def build(network: Network, input_shape: tuple[int, ...]) -> Any:
    """An untrained Keras model that gives one score, the probability of the positive class.

    Layers: ("conv", filters, (kernel), (stride)) with batch normalization and ReLU, ("mean",): average over
    the whole map, ("dropout", fraction). Plain convolutions, because depthwise ones train several times more
    slowly on a processor and at these sizes save little.
    """
    import keras

    inputs = keras.Input(input_shape)
    tensor = inputs
    for kind, *arguments in network.layers:
        tensor = _layer(keras.layers, kind, arguments, tensor)
    outputs = keras.layers.Dense(1, activation="sigmoid")(tensor)
    return keras.Model(inputs, outputs)


def _layer(layers: Any, kind: str, arguments: list[Any], tensor: Any) -> Any:
    match kind:
        case "conv":
            filters, kernel, stride = arguments
            tensor = layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=False)(tensor)
            return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(tensor))
        case "mean":
            return layers.GlobalAveragePooling2D()(tensor)
        case "dropout":
            return layers.Dropout(arguments[0])(tensor)
    raise ValueError(f"no layer is called {kind!r}")
