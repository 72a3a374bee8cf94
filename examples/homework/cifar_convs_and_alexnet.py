# %% [markdown]
# # Set 5: CIFAR-10, and AlexNet's memory, parameters and time
#
# `modelcost check cifar_convs_and_alexnet.yaml` marks what was handed in.

# %%
import modelcost as mc

alexnet = mc.cost("alexnet", data=10_000, epochs=15)
alexnet.to_pandas()[["type", "output_shape", "params", "activation_bytes"]]

# %%
alexnet.plot("params", "multiplies", "activation_bytes")

# %% [markdown]
# ## Memory, to the byte
#
# Every tensor that comes to exist counts, the input too. The elements that were added up are 1,049,751; two
# digits are swapped, which does not show in "4.2 MB".

# %%
elements = alexnet.activation_bytes // 4
print(f"{elements:,} numbers of 4 bytes are {alexnet.activation_bytes:,} bytes")
print(mc.check("4.2 MB", of=alexnet.activation_bytes))

# %% [markdown]
# ## Channels and biases
#
# Every convolution has the same slip: the channels that come in are left out, and the biases.

# %%
for name, claim in (("conv1", 11_616), ("conv2", 6_400), ("conv5", 2_304), ("fc8", 4_096_000)):
    print(name, mc.check(claim, of=alexnet[name].params), "", sep="\n")

# %% [markdown]
# ## MB and MiB
#
# Keras's summary prints 2**20 bytes as "MB". The 4.55 that was handed in is right in that unit, which is called
# MiB.

# %%
size = mc.cost("cifar_convs_only").params * 4
print(f"{size:,} bytes = {size / 10**6:.2f} MB = {size / 2**20:.2f} MiB")

# %% [markdown]
# ## How long does it take?
#
# The sheet took one instruction for each stored number, and got 126 s for ten thousand images and fifteen epochs.
# The multiplies of a forward pass alone are a thousand times as many as the numbers that it stores, and then
# there are the adds:

# %%
cpu = mc.CPU.named("i3-540").changed(ghz=2.5)
time = mc.cost("alexnet", data=10_000, epochs=15, cpu=cpu, method="textbook").time
forward = time.workings["run.forward"]
print(forward.formula())
print(forward.numbers())
hours, least = time.run.inference.seconds / 3600, time.run.inference.low / 3600
print(
    f"{hours:.1f} h at one operation a cycle, {least:.1f} h by all that the vector units can do; training, three times"
)
