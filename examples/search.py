# %% [markdown]
# # A search: the best network for so many parameters
#
# Every network of a search space is costed before any is trained, so that none is trained that would not fit; and
# what the search itself will cost is known before it begins.

# %%
from itertools import product

import modelcost as mc

figures = ["params", "flops", "minibatch.flops", "memory.optimizer_bytes"]
found = mc.sweep(
    mc.zoo.mnist_mlp,
    layers=[3, 4, 5],
    units=lambda layers: product((64, 128, 256), repeat=layers),
    batch=32,
    optimizer="adam",
    figures=figures,
)
table = found.to_pandas()
table[figures].agg(["count", "min", "median", "max"]).astype(int)

# %% [markdown]
# ## What fits
#
# Of 351 networks, those with at most 100,000 parameters; the deepest first.

# %%
small = found.where("params <= 100k").sort("layers", "params")
print(len(small), "of", len(found))
small.top(5).to_pandas()[["layers", "units", "params", "minibatch.flops"]]

# %% [markdown]
# ## Where the parameters are
#
# The first layer sees 784 numbers, so that its width decides: with 256 units there, no network is below 200,000.

# %%
first = table["units"].str[0].rename("first layer")
table.groupby(first)["params"].agg(["min", "median", "max"]).astype(int)

# %% [markdown]
# ## All of them at once
#
# Parameters and work go together in a network of dense layers: there is nothing to trade. Joined are the networks
# that no other beats, in few parameters and many layers.

# %%
figure = found.plot("params", "minibatch.flops", front=found.pareto("params", "-layers"))
figure

# %% [markdown]
# ## What the search costs
#
# Hyperband with at most ten epochs trains 22 of them, most for a little while. Which ones is not known before: the
# cost is told at least, expected (the mean over all draws), and at most.

# %%
space = mc.Space(layers=[3, 4, 5], units=lambda layers: product((64, 128, 256), repeat=layers)).built(mc.zoo.mnist_mlp)
settings = {"batch": 32, "data": 50_000, "validation": 10_000, "optimizer": "adam"}
tuned = mc.search(space, hyperband=10, **settings)
alike = mc.search(space, trials=int(tuned.drawn), epochs=10, **settings)
for name, one in (("hyperband", tuned), ("all of them for ten epochs", alike)):
    flops = one["flops"]
    print(f"{name:27} {one.total_epochs} epochs, {flops.least:.3g} to {flops.most:.3g} FLOPs")

# %% [markdown]
# ## Sizes, not structures
#
# Where only the batch or the image changes, nothing is built again: the formula is evaluated for all of them at
# once, here for 15 images and 1,024 batches.

# %%
sizes = mc.sweep("resnet50", batch=range(1, 1025), height=range(64, 513, 32), width=256)
within = sizes.where("minibatch.forward_flops < 1T").sort("batch")
print(f"{len(sizes):,} points; the largest batch at each height within a teraFLOP:")
within.to_pandas().groupby("height")["batch"].max()
