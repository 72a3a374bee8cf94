# %% [markdown]
# # A search: the best network for so many parameters
#
# Every network of a search space is costed before any is trained, so that none is trained that would not fit.

# %%
import pandas as pd

import modelcost as mc
from modelcost.training.search import Space

space = Space.of_sequences(lengths=range(3, 6), choices=(64, 128, 256))


def line(units):
    """What is asked of each network."""
    report = mc.cost(mc.zoo.mnist_mlp(units), batch=32, optimizer="adam")
    figures = {"params": report.params, "flops": report.flops, "step_flops": report.minibatch.flops}
    return {"units": units, "layers": len(units)} | {name: int(figure) for name, figure in figures.items()}


table = pd.DataFrame([line(units) for _, units in space.networks])
table.drop(columns="units").agg(["count", "min", "median", "max"]).astype(int)

# %% [markdown]
# ## What fits
#
# Of 351 networks, those with at most 100,000 parameters; the deepest first.

# %%
small = table[table["params"] <= 100_000].sort_values(["layers", "params"], ascending=False)
print(len(small), "of", len(table))
small.head()

# %% [markdown]
# ## Where the parameters are
#
# The first layer sees 784 numbers, so that its width decides: with 256 units there, no network is below 200,000.

# %%
first = table["units"].str[0].rename("first layer")
table.groupby(first)["params"].agg(["min", "median", "max"]).astype(int)

# %% [markdown]
# ## Sizes, not structures
#
# Where only the batch or the image changes, nothing is built again: the formula is evaluated for all of them at
# once.

# %%
flops = mc.cost("resnet50").flops
sides = range(64, 513, 64)
pd.Series(flops.rebind(height=list(sides), width=list(sides)).tolist(), index=sides, name="FLOPs")
