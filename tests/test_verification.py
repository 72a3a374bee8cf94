"""`modelcost verify`: what holds against real Keras is verified, and what does not is named, with status 1."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import modelcost as mc
from modelcost import layers as L  # noqa: N812
from modelcost.cli import main
from modelcost.errors import ModelCostError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
SMALL = (
    "lenet5", "alexnet_grouped", "mobilenet_v2", "fashion_cnn_bn", "lstm_stack", "recurrent_three", "spectrogram_lstm",
    "mnist_mlp", "cifar_convs_and_pools",
)  # fmt: skip


@pytest.fixture
def keras() -> Any:
    found = pytest.importorskip("keras")
    pytest.importorskip("tensorflow").get_logger().setLevel("ERROR")
    found.backend.clear_session()
    return found


def nested() -> mc.Model:
    """A block used twice, and a layer on its own shared by two branches."""
    x = L.Input((8, 8, 3))
    inner = L.Input((8, 8, 3))
    block = mc.Model(inner, L.BatchNormalization()(L.Conv2D(3, 3, padding="same")(inner)), name="block")
    head = L.Dense(4, activation="softmax", name="head")
    y, z = block(x), block(block(x))
    return mc.Model(x, [head(L.GlobalAveragePooling2D()(y)), head(L.Flatten()(L.MaxPooling2D(8)(z)))], name="twice")


def several() -> mc.Model:
    """Two inputs, two outputs, operators, a frozen layer."""
    words, picture = L.Input((6,), dtype="int32", name="words"), L.Input((8, 8, 1), name="picture")
    a = L.Bidirectional(L.LSTM(4))(L.Embedding(20, 5)(words))
    b = L.Flatten()(L.Conv2D(2, 3, activation="relu", trainable=False)(picture))
    c = L.Concatenate()([a, b])
    return mc.Model([words, picture], [L.Dense(1)(c), 2.0 * L.Dense(8)(b) + a], name="two_in_two_out")


def recurrent() -> mc.Model:
    x = L.Input((7, 3))
    y = L.GRU(4, return_sequences=True, dropout=0.2)(L.Masking()(x))
    return mc.Model(x, L.Dense(2)(L.SimpleRNN(3, unroll=True)(L.LSTM(5, return_sequences=True)(y))), name="recurrent")


def attentive() -> mc.Model:
    x = L.Input((6,), dtype="int32")
    y = L.Embedding(30, 8, mask_zero=True)(x)
    y = L.LayerNormalization()(L.Add()([y, L.MultiHeadAttention(2, 4)(y, y, use_causal_mask=True)]))
    y = L.Add()([y, L.Dense(8)(L.Dense(16, activation="gelu")(y))])
    return mc.Model(x, L.Dense(3)(L.GlobalAveragePooling1D()(y)), name="attentive")


def near() -> mc.Model:
    """Attention to what is near: a table of distances, and a causal one where that goes with it."""
    x = L.Input((6, 8))
    y = L.MultiHeadAttention(2, 4, sliding_window=2)(x, x)
    return mc.Model(x, L.GroupedQueryAttention(4, 2, 1, sliding_window=3)(y, y, use_causal_mask=True), name="near")


def partly_used() -> mc.Model:
    """A model within, of whose results one is not used: a layer is left out of the graph, a loop stays in it."""
    x, z = L.Input((4, 3)), L.Input((4, 3))
    results = [L.Dense(2)(z), L.LayerNormalization()(z), L.LSTM(2)(L.Dense(5)(z))]
    return mc.Model(x, mc.Model(z, results, name="inner")(x)[0], name="partly_used")


MODELS: list[Callable[[], mc.Model]] = [nested, several, recurrent, attentive, near, partly_used]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
class TestVerified:
    @pytest.mark.parametrize("name", SMALL)
    def test_networks_of_the_zoo(self, keras: Any, name: str) -> None:
        assert mc.verify(name)

    @pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
    @pytest.mark.parametrize("batch", [1, 2, 5])
    def test_models_of_ours(self, keras: Any, make: Callable[[], mc.Model], batch: int) -> None:
        found = mc.verify(make(), batch)
        assert found, str(found)

    def test_a_live_model_and_its_file(self, keras: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        K = keras.layers
        x = keras.Input((16, 16, 3))
        y = K.SeparableConv2D(8, 3, padding="same", activation="silu")(x)
        live = keras.Model(x, K.Dense(5)(K.Flatten()(y + K.Conv2D(8, 1)(x))))
        assert mc.verify(live)
        live.save(tmp_path / "net.keras")
        assert mc.verify(str(tmp_path / "net.keras"))
        assert main(["verify", str(tmp_path / "net.keras")]) == 0
        said = capsys.readouterr()
        assert "Verified: every layer is equal" in said.out
        assert "tracing the graph ..." in said.err
        assert "tracing" not in said.out

    def test_a_layer_that_is_another_in_keras(self, keras: Any) -> None:
        """The table names it, in shapes and parameters, and the operations that differ."""
        from modelcost.verification.twins import twin_of

        model = mc.Sequential([L.Input((6,)), L.Dense(4, name="first"), L.Dense(3, name="second")])
        other = mc.Sequential([L.Input((6,)), L.Dense(5, name="first"), L.Dense(3, name="second")])
        found = mc.verify(model, twin=twin_of(other))
        assert not found
        assert [check.name for check in found.layers if not check.equal] == ["first", "second"]
        text = str(found)
        assert "NOT verified" in text
        assert "first" in text
        assert "UNEXPLAINED" in text

    def test_other_parameters_alone_are_no_match(self, keras: Any) -> None:
        from modelcost.verification.twins import twin_of

        model = mc.Sequential([L.Input((6,)), L.Dense(4, name="first")])
        frozen = mc.Sequential([L.Input((6,)), L.Dense(4, name="first", trainable=False)])
        found = mc.verify(model, twin=twin_of(frozen))
        assert not found
        assert str(found).endswith("NOT verified: layers differ.\n") or "NOT verified: layers differ." in str(found)

    def test_a_broken_weight_of_the_convention(
        self, keras: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from modelcost.conventions.tensorflow import operations
        from modelcost.layers import base

        monkeypatch.setattr(base, "_remembered", {})  # what was worked out before it broke
        monkeypatch.setitem(operations.EACH, "BiasAdd", 2)
        assert main(["verify", "lenet5"]) == 1
        out = capsys.readouterr().out
        assert "UNEXPLAINED" in out
        assert "NOT verified" in out

    def test_a_defect_that_is_gone(self, keras: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """A later TensorFlow may mend what is named here: then the name itself is what is unexplained."""
        from modelcost.conventions.tensorflow import defects

        monkeypatch.setitem(defects.DEFECTS, "Recurrent", lambda facts, counted, batch: iter(()))
        found = mc.verify("lstm_stack")
        assert not found
        assert any(check.unexplained for check in found.operations if check.name == "MatMul")


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
class TestCommand:
    @pytest.mark.parametrize(("form", "has"), [
        ("table", "The profiler's count"), ("markdown", "| operation"), ("csv", "operation,exact,differences"),
        ("latex", "\\begin{tabular}"),
    ])  # fmt: skip
    def test_every_format(self, keras: Any, form: str, has: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify", "lenet5", "--format", form]) == 0
        assert has in capsys.readouterr().out

    def test_json(self, keras: Any, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify", "lstm_stack", "--batch", "3", "--format", "json"]) == 0
        data = json.loads(capsys.readouterr().out)
        assert data["verified"] is True
        assert data["batch"] == 3
        assert "TensorFlow" in data["versions"]
        assert all(layer["equal"] for layer in data["layers"])
        for one in data["operations"]:
            assert one["exact"] + sum(one["differences"].values()) + one["unexplained"] == one["profiler"]
        assert any("loop" in name for one in data["operations"] for name in one["differences"])

    def test_differences_are_told_below_the_table(self, keras: Any, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify", "lstm_stack", "--batch", "1"]) == 0
        told = capsys.readouterr()
        assert (
            "all        exact         13,441\n           difference 1  -7,350\n           the profiler   6,091"
            in told.out
        )
        assert "difference 1  a loop's body is counted once, and only what keeps a known shape in it" in told.out
        steps = ("loading TensorFlow", "building the Keras model", "tracing the graph", "freezing and profiling it")
        assert told.err.splitlines() == [f"modelcost: {step} ..." for step in steps]

    def test_bad_models_and_batches(self, keras: Any, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify", "lenet6"]) == 2
        assert main(["verify", "lenet5", "--batch", "0"]) == 2
        assert "lenet5" in capsys.readouterr().err

    def test_what_keras_does_not_have(self, keras: Any) -> None:
        x = L.Input((4,))
        with pytest.raises(ModelCostError, match="Keras has no layer UnknownLayer"):
            mc.verify(mc.Model(x, L.UnknownLayer("Mine", ((4,),))(x)))

    def test_what_tensorflow_cannot_freeze(self, keras: Any) -> None:
        x = L.Input((4, 3))
        with pytest.raises(ModelCostError, match=r"lstm: TensorFlow cannot freeze .* stateful=False"):
            mc.verify(mc.Model(x, L.LSTM(2, stateful=True)(x)))
        live = keras.Sequential([keras.Input(batch_shape=(2, 4, 3)), keras.layers.GRU(2, stateful=True)])
        with pytest.raises(ModelCostError, match=r"TensorFlow cannot freeze .* stateful=False"):
            mc.verify(live, batch=2)


WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tensorflow", "keras"):
            raise ImportError(f"No module named {name!r}")
sys.meta_path.insert(0, Absent())
from modelcost.cli import main
sys.exit(main(["verify", "lenet5"]))
"""


def test_without_tensorflow_it_says_what_to_install() -> None:
    ran = subprocess.run([sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "pip install 'modelcost[keras]'" in ran.stderr
    assert ran.stdout == ""
