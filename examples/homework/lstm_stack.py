# %% [markdown]
# # Set 1, problem 2: three LSTM layers
#
# A time series: ten past values come in as one step. The exercise asks for the parameters. `modelcost check
# lstm_stack.yaml` marks what was handed in, all of which is right.

# %%
import modelcost as mc

model = mc.Sequential(
    [
        mc.Input((1, 10), name="input"),
        mc.LSTM(10, return_sequences=True, name="lstm1"),
        mc.LSTM(20, return_sequences=True, name="lstm2"),
        mc.LSTM(20, name="lstm3"),
        mc.Dense(1, name="dense"),
    ],
    name="lstm_stack",
)
report = mc.cost(model, batch=10, data=55, epochs=100)
report.to_pandas()[["output_shape", "params", "macs", "transcendentals"]]

# %% [markdown]
# ## Why four times
#
# An LSTM has three gates and a candidate, each with a matrix for what comes in, a matrix for its own state, and a
# bias.

# %%
params = report["lstm2"].params
print(params.formula())
print(params.numbers())
print(params)

# %% [markdown]
# ## LSTM, GRU, simple
#
# The same stack of other cells: `4*U`, `3*U` and `U` are what differs. (Keras's GRU has two biases for each gate,
# as its default is the form that runs fast on a GPU.)

# %%
for cell in (mc.LSTM, mc.GRU, mc.SimpleRNN):
    only = mc.Sequential([mc.Input((1, 10)), cell(20, name="cell")])
    params = mc.cost(only)["cell"].params
    print(f"{cell.__name__:9} {params.numbers():32} = {params:>6,}")

# %% [markdown]
# ## More steps cost more, and weigh the same
#
# The weights are used again at every step: the work grows with the length, the parameters do not.

# %%
free = mc.cost(mc.Sequential([mc.Input((None, 10)), mc.LSTM(20)]))
print(free.macs.formula())
for steps in (1, 10, 100):
    print(f"{steps:>4} steps: {free.macs.rebind(steps=steps):>8,} multiply-accumulates, {free.params:,} parameters")
