# %% [markdown]
# # For a Keras user
#
# You have a model in Keras. One line says what it costs; nothing about the model has to change.

# %%
import keras
from keras import layers

inputs = keras.Input((32, 32, 3))
x = layers.Conv2D(32, 3, padding="same", use_bias=False)(inputs)
x = layers.BatchNormalization()(x)
x = shortcut = layers.ReLU()(x)
x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
x = layers.Add()([x, shortcut])
x = layers.GlobalAveragePooling2D()(x)
model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x), name="small_resnet")

# %%
import modelcost as mc

report = mc.cost(model, batch=64, data=50_000, validation=0.1, epochs=30, optimizer="adam")
report

# %% [markdown]
# Where the parameters, the work and the memory are:

# %%
report.plot()

# %% [markdown]
# ## Does it agree with Keras?
#
# With Keras at hand, every shape and parameter is held against the real model, and the FLOPs by the convention
# `tf` against what TensorFlow's own profiler says of it.

# %%
assert report.params == model.count_params()
checked = mc.verify(model)
print(checked)

# %% [markdown]
# ## Without Keras
#
# A saved model can be read on a machine that has no TensorFlow: in a test, in continuous integration, on a login
# node. `modelcost small_resnet.keras --max params=1e6` exits with status 1 if the model has grown beyond that.

# %%
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    file = str(Path(folder) / "small_resnet.keras")
    model.save(file)
    read = mc.cost(mc.load(file), batch=64, data=50_000, validation=0.1, epochs=30, optimizer="adam")
assert read.run.flops == report.run.flops
print(f"{read.run.flops:,} FLOPs in the whole run, read from the file")

# %% [markdown]
# ## A layer that modelcost does not know
#
# It is an error that says what to do. Here the layer costs what a dense one does, so one line says so.


# %%
@keras.saving.register_keras_serializable()
class Projection(layers.Dense):
    """A layer of this user's own."""


own = keras.Sequential([keras.Input((64,)), Projection(16), layers.Dense(2)])
try:
    mc.cost(own)
except mc.ModelCostError as error:
    print(error)

# %%
mc.register("Projection", lambda config: mc.Dense(config["units"], name=config["name"]))
print(mc.cost(own).params.numbers())
