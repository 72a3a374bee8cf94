# %% [markdown]
# # Set 3: nets made as small as possible, and what a search costs
#
# Three answers to "how small can a network for MNIST be?", and the search that found a large one. `modelcost
# check mnist_mlp_search.yaml` marks what was handed in.

# %%
import modelcost as mc

for name in ("mnist_softmax_only", "mnist_pooled", "mnist_conv_pooled"):
    rows = [row for row in mc.cost(name) if row.params]
    print(f"{name:19}", "; ".join(f"{row.name} {row.params.numbers()} = {row.params:,}" for row in rows))

# %% [markdown]
# The smallest has 142: two filters of 5 x 5, a maximum over 9 x 9, and eight numbers for ten classes.

# %%
print(mc.cost("mnist_conv_pooled").explain("conv"))

# %% [markdown]
# ## The search
#
# Three to five hidden layers of 64, 128 or 256 units each, tuned by Hyperband with at most 10 epochs. How many
# networks is that, and how large are they?

# %%
from itertools import product
from statistics import median

from modelcost.training.search import hyperband

space = mc.Space(layers=[3, 4, 5], units=lambda layers: product((64, 128, 256), repeat=layers))
settings = {"batch": 32, "data": 50_000, "validation": 10_000, "optimizer": "adam"}
reports = {one["units"]: mc.cost(mc.zoo.mnist_mlp(one["units"]), **settings) for one in space}
params = sorted(int(one.params) for one in reports.values())
print(f"{len(space)} networks, {params[0]:,} to {params[-1]:,} parameters, median {median(params):,}")

# %% [markdown]
# Hyperband trains many networks for little, and the best of them for longer:

# %%
search = hyperband(max_epochs=10)
for networks, epochs in search.groups:
    print(f"{int(networks):>3} networks for {int(epochs)} epochs")
epochs = int(search.total_epochs)
print(f"{epochs} epochs in all, {epochs // 10} times a training run of the winner's length")

# %% [markdown]
# What that costs depends on which networks are drawn. The mean over all draws is exact; so are the cheapest and
# the dearest that can happen.

# %%
cost = search.cost(space.costs(lambda one: reports[one["units"]].epoch.flops))
winner = reports[128, 128, 256, 128, 128].epoch.flops * 10
for name in ("least", "expected", "most"):
    flops = getattr(cost, name)
    print(f"{name:8} {float(flops):.3e} FLOPs, {float(flops) / winner:.1f} times the winner's own ten epochs")
