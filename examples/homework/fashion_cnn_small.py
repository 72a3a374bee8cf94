# %% [markdown]
# # Set 4: multiplies and adds, counted apart
#
# Fashion-MNIST, two convolutions and two dense layers. The exercise: parameters, multiplies and adds of every
# layer; then the operations of a mini-batch of 128, of an epoch of 60,000 images, and of 20 epochs. The figures
# that were handed in are in `fashion_cnn_small.yaml`, and `modelcost check fashion_cnn_small.yaml` marks them
# all.

# %%
import modelcost as mc

model = mc.Sequential(
    [
        mc.Input((28, 28, 1), name="input"),
        mc.Conv2D(64, 3, activation="relu", name="conv1"),
        mc.MaxPooling2D(2, name="pool"),
        mc.Conv2D(64, 3, activation="relu", name="conv2"),
        mc.Flatten(name="flatten"),
        mc.Dense(128, activation="relu", name="dense1"),
        mc.Dense(10, activation="softmax", name="dense2"),
    ],
    name="fashion_cnn_small",
)
report = mc.cost(model, batch=128, data=60_000, epochs=20)
report.to_pandas()[["output_shape", "params", "multiplies", "adds"]]

# %% [markdown]
# Nearly all parameters are in the first dense layer, and three quarters of the work is in the second convolution:
# its weights are few, and each is used at 121 places.

# %%
report.plot("params", "multiplies")

# %% [markdown]
# ## One layer by hand
#
# The second convolution: 11 x 11 places, 64 filters, and for each a dot product over 3 x 3 taps of **64
# channels**.

# %%
print(report.explain("conv2"))

# %% [markdown]
# ## The commonest slip
#
# Two of the figures that were handed in have it in them, and others follow from those.

# %%
print(mc.check(69_696, of=report["conv2"].multiplies))

# %% [markdown]
# ## The softmax stands apart
#
# "127 + 1 adds for each of ten outputs" is right for the kernel and the bias; the softmax adds its own.

# %%
for part in ("kernel+bias", "activation"):
    print(f"{part:12} {report['dense2'].part(part).adds:>6,} adds")

# %% [markdown]
# ## Forward, and back
#
# The sheet took forward and backward together as four times the forward pass. Three is the usual rule; exactly,
# it is:

# %%
trained = mc.cost(model, batch=128, data=60_000, epochs=20, optimizer="adam")
step = trained.minibatch
print(f"forward   {step.forward_flops:>14,}")
print(f"backward  {step.backward_flops:>14,}")
print(f"optimizer {step.optimizer_flops:>14,}")
print(f"all       {step.flops:>14,}, {step.flops / step.forward_flops:.3f} times the forward pass")

# %%
print(f"{trained.epoch.steps} steps an epoch, {trained.run.steps:,} in all, {trained.run.flops:.3e} FLOPs")
