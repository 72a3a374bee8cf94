"""A Fashion-MNIST script as it is written for Keras; the line that ends it was added, and says what the model costs.

The images are made up, so that it runs without a download and in seconds: with the real ones,
`keras.datasets.fashion_mnist.load_data()`, there are 60,000.
"""

import keras
import numpy as np
from keras import layers

chance = np.random.default_rng(0)
y_train = chance.integers(0, 10, 1_000)
x_train = chance.random((1_000, 28, 28, 1)) + y_train[:, None, None, None] / 10

model = keras.Sequential(
    [
        keras.Input(shape=(28, 28, 1)),
        layers.Conv2D(64, kernel_size=3, activation="relu"),
        layers.MaxPooling2D(pool_size=2),
        layers.Conv2D(64, kernel_size=3, activation="relu"),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.summary()
model.fit(x_train, y_train, batch_size=128, epochs=2, verbose=2)

import modelcost; print(modelcost.cost(model, batch=128, data=60_000, epochs=20))  # noqa: E702  # fmt: skip
