# %% [markdown]
# # For a teacher
#
# An exercise on a network, a sheet with slips to find, and answers that are marked with their reasons.

# %% [markdown]
# ## An exercise
#
# Take a network of the zoo, or write one down. The solution is what `explain` says of it, in text or in LaTeX.

# %%
import modelcost as mc

report = mc.cost("lenet5", batch=32, data=60_000, epochs=10)
print(report.explain("C3"))

# %% [markdown]
# A picture is a question too: which layer has most of the parameters, which most of the work, and why not the
# same one?

# %%
report.plot("params", "multiplies")

# %% [markdown]
# For a sheet on paper:

# %%
params = report["C3"].params
print(params.latex())
print(params.latex(numbers=True))

# %% [markdown]
# ## A sheet with slips to find
#
# `modelcost practice` makes a blank sheet to hand out, or one that is filled in with slips that students really
# make; the seed decides which. This one has three.

# %%
from modelcost.cli import main

status = main(["practice", "lenet5", "--slips", "3", "--seed", "7"])

# %% [markdown]
# And where they are:

# %%
status = main(["practice", "lenet5", "--slips", "3", "--seed", "7", "--solution"])

# %% [markdown]
# ## Marking
#
# One figure at a time, with the slip that made it:

# %%
for claim in (2_416, 2_400, 400):
    print(mc.check(claim, of=params), "\n")

# %% [markdown]
# A whole sheet is a YAML file, a class a CSV with a line for each claim: `modelcost check class.csv --model
# lenet5 --format html --output marked.html` gives a page for each student to read. With `--hints-only` it says
# where to look and not the answer, and a figure that follows from an earlier wrong one has its points unless you
# say `--marking strict`.
#
# ## In a notebook that students fill in
#
# With modelcost installed, a plain `assert` in a pytest file, or this in a cell, fails with the diagnosis:

# %%
answer = 235_200
print(mc.check(answer, of=report["C1"].multiplies))
