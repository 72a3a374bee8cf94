# %% [markdown]
# # Set 2: a dense net and a small CNN on the same image
#
# 128 x 128 pixels in three colours, once written as one long vector for dense layers, once as an image for
# convolutions; and two classifiers of spectrograms. `modelcost check dense_and_cnn_128.yaml` marks what was
# handed in.

# %%
import pandas as pd

import modelcost as mc

dense, cnn = mc.cost("mlp_128"), mc.cost("cnn_128")
pd.DataFrame(
    {one.model: {"parameters": int(one.params), "multiply-accumulates": int(one.macs)} for one in (dense, cnn)}
)

# %% [markdown]
# The dense net has fourteen times the parameters and does a thirtieth of the work. Each of its weights is used
# once for an image; each weight of a convolution is used at every place.

# %%
for report in (dense, cnn):
    print(f"{report.model}: each parameter is used {report.macs / report.params:.1f} times an image")

# %%
cnn.plot("params", "macs")

# %% [markdown]
# ## Valid or same
#
# One figure was claimed for windows that fit wholly inside the image: 124 x 124 places. The network pads, so
# there are 128 x 128.

# %%
print(mc.check(36_902_400, of=cnn["conv1"].multiplies))

# %% [markdown]
# ## Two readers of spectrograms
#
# Forty frequencies, 501 moments: as an image for a CNN, or as a sequence for an LSTM. Steps of an epoch, from
# 4,500 examples and 1,500 to validate on:

# %%
for name, batch in (("spectrogram_cnn", 64), ("spectrogram_lstm", 32)):
    one = mc.cost(name, batch=batch, data=4_500, validation=1_500, epochs=50, optimizer="adam")
    print(
        f"{name:17} {one.params:>8,} parameters, {one.epoch.steps} steps an epoch, {one.epoch.flops:.2e} FLOPs an epoch"
    )
