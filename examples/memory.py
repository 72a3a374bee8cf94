# %% [markdown]
# # Does it fit?
#
# What a training step holds in memory, which batch fits into what there is, and what can be changed if none does.

# %%
import modelcost as mc

report = mc.cost("resnet18", batch=32, optimizer="adam")
memory = report.memory
for name in memory.figures:
    print(f"{name:24} {memory.figures[name] / 1e6:>9,.1f} MB")

# %% [markdown]
# Bytes of tensors are exact; a peak is exact for the plan; what a process holds is an estimate, as it has TensorFlow in
# it and the habits of an allocator.
#
# ## What is held when
#
# The activations pile up on the way forward and are given back on the way back. The peak is where both meet: soon after
# the turn, when nearly all activations are still there and gradients are already.

# %%
print("at the peak:", memory.peaks["training"])
report.plot_memory()

# %% [markdown]
# ## What keeps most

# %%
for row in sorted(memory.rows, key=lambda row: -row.kept_activation_bytes)[:5]:
    print(f"{row.of:24} {row.kept_activation_bytes.numbers():>22} = {row.kept_activation_bytes:>12,} bytes")

# %% [markdown]
# ## What if
#
# The same network with another batch, in half precision, with a simpler optimizer, or with segments of layers done
# again on the way back instead of being kept:

# %%
changes = {
    "as it is": {},
    "half the batch": {"batch": 16},
    "mixed precision": {"dtype": "mixed_float16"},
    "plain SGD": {"optimizer": "sgd"},
    "checkpoints": {"checkpoints": "sqrt"},
}
for name, change in changes.items():
    print(f"{name:16} {memory.but(**change).peak_training_bytes / 1e6:>6,.0f} MB")

# %% [markdown]
# ## The largest batch
#
# `modelcost fit` says it for tensors alone, and for a whole process, at the upper end of what is estimated.

# %%
from modelcost.cli import main

status = main(["fit", "resnet18", "--memory", "4GB", "--checkpoints", "sqrt"])
