# %% [markdown]
# # Set 1, problem 1: one word, many conventions
#
# A classifier for Fashion-MNIST with batch normalization. The exercise asks for "FLOPs", and the sheet that was
# handed in used a different meaning of the word in nearly every line. `modelcost check fashion_cnn_bn.yaml` marks
# it.

# %%
import modelcost as mc

model = mc.zoo.fashion_cnn_bn()
report = mc.cost(model, batch=64, data=60_000, validation=0.2, epochs=10, test=10_000)
report.to_pandas()[["type", "output_shape", "params", "macs", "flops"]]

# %% [markdown]
# ## The same layer by each convention
#
# For the first convolution 250,880 was claimed: multiply-accumulates and a bias. For the second 7,225,344:
# without one. For the first pooling 25,088: every element that a window reads. All three are somebody's
# convention.

# %%
import pandas as pd

names = ["flops", "macs", "macs+bias", "2macs", "tf"]
by_convention = {name: mc.cost(model, convention=name) for name in names}
pd.DataFrame(
    {layer: {name: int(by_convention[name][layer].flops) for name in names} for layer in ("conv1", "conv2", "pool1")}
)

# %% [markdown]
# ## A profiler that did not know the batch
#
# The sheet also has what TensorFlow 1's profiler printed: 956,753, for a network of 14 million
# multiply-accumulates. It was asked before a batch size was known, so all that depends on it counted as nothing:
# two for each number in a kernel are left, and a few operations of the normalizations. There is a convention for
# that too.

# %%
int(mc.cost(model, convention="tf1-unbatched").flops)

# %% [markdown]
# ## Batch normalization
#
# Four numbers for each channel, of which training changes two; the other two are running averages.

# %%
print(report.explain("bn1"))

# %% [markdown]
# ## Steps
#
# The validation share is taken out first: 48,000 images are left to train on, which is 750 steps, not 938.

# %%
print(report.epoch.steps.formula(), "=", report.epoch.steps.numbers(), "=", report.epoch.steps)
