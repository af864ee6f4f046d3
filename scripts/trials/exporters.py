"""Makes one ONNX model with each public exporter: python3 exporters.py FOLDER skl|boost|keras."""

import sys
from pathlib import Path

import numpy
import onnx

FEATURES = 4
ROWS = 200


def data():
    random = numpy.random.default_rng(7)
    x = random.uniform(-1, 1, (ROWS, FEATURES)).astype("float32")
    score = x[:, 0] * 2 - x[:, 1] + x[:, 2] * x[:, 3]
    return x, numpy.digitize(score, [-0.5, 0.5]), score.astype("float32")


def make_skl(save):
    from skl2onnx import to_onnx
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.ensemble import (
        GradientBoostingRegressor,
        IsolationForest,
        RandomForestClassifier,
    )
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    x, classes, score = data()
    names = numpy.array(["low", "middle", "high"])[classes]
    labels = {
        "skl-logistic": LogisticRegression(),
        "skl-pipeline-svc": make_pipeline(StandardScaler(), SVC(probability=True)),
        "skl-forest": RandomForestClassifier(20, random_state=0),
        "skl-neighbours": KNeighborsClassifier(3),
        "skl-mlp": MLPClassifier((8,), max_iter=300, random_state=0),
    }
    for name, model in labels.items():
        fitted = model.fit(x, classes)
        save(f"{name}-plain", to_onnx(fitted, x[:1], options={"zipmap": False}))
        # As the documentation of skl2onnx writes it: probabilities are a sequence of maps.
        save(name, to_onnx(fitted, x[:1]))
    named = LogisticRegression().fit(x, names)
    save("skl-names-plain", to_onnx(named, x[:1], options={"zipmap": False}))
    save("skl-names", to_onnx(named, x[:1]))
    numbers = {
        "skl-ridge": Ridge(),
        "skl-boosting": GradientBoostingRegressor(n_estimators=20, random_state=0),
        "skl-gaussian-process": GaussianProcessRegressor(),
        "skl-kmeans": KMeans(3, n_init=1, random_state=0),
        "skl-pca": PCA(2),
        "skl-isolation": IsolationForest(n_estimators=20, random_state=0),
    }
    for name, model in numbers.items():
        save(name, to_onnx(model.fit(x, score), x[:1], target_opset={"": 17, "ai.onnx.ml": 3}))


def make_boost(save):
    import catboost
    import lightgbm
    import onnxmltools
    import xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    x, classes, score = data()
    types = [("x", FloatTensorType([None, FEATURES]))]
    quiet = {"n_estimators": 20, "verbose": -1}
    calm = {"iterations": 20, "verbose": 0, "allow_writing_files": False}
    for suffix, zipmap in [("-plain", False), ("", True)]:
        fitted = lightgbm.LGBMClassifier(**quiet).fit(x, classes)
        made = onnxmltools.convert_lightgbm(fitted, initial_types=types, zipmap=zipmap)
        save(f"lightgbm-classes{suffix}", made)
    fitted = lightgbm.LGBMRegressor(**quiet).fit(x, score)
    save("lightgbm-numbers", onnxmltools.convert_lightgbm(fitted, initial_types=types))
    for name, model, wanted in [
        ("xgboost-classes", xgboost.XGBClassifier(n_estimators=20), classes),
        ("xgboost-numbers", xgboost.XGBRegressor(n_estimators=20), score),
    ]:
        save(name, onnxmltools.convert_xgboost(model.fit(x, wanted), initial_types=types))
    for name, model, wanted in [
        ("catboost-classes", catboost.CatBoostClassifier(**calm), (classes > 0).astype(int)),
        ("catboost-numbers", catboost.CatBoostRegressor(**calm), score),
    ]:
        path = save.folder / f"{name}.onnx"
        model.fit(x, wanted).save_model(str(path), format="onnx")
        if name.endswith("classes"):
            save(f"{name}-plain", without_maps(onnx.load(path)))


def without_maps(model):
    """The model with the tensors that its ZipMap nodes make maps of as its outputs."""
    for node in [node for node in model.graph.node if node.op_type == "ZipMap"]:
        at = [output.name for output in model.graph.output].index(node.output[0])
        model.graph.output[at].CopyFrom(
            onnx.helper.make_tensor_value_info(node.input[0], onnx.TensorProto.FLOAT, None)
        )
        model.graph.node.remove(node)
    return model


def make_keras(save):
    import keras
    from keras import layers

    keras.utils.set_random_seed(7)
    makers = {
        "keras-dense": [keras.Input((FEATURES,)), layers.Dense(8, "relu"), layers.Dense(3, "softmax")],
        "keras-image": [
            keras.Input((16, 16, 3)),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.DepthwiseConv2D(3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ],
        "keras-lstm": [keras.Input((10, FEATURES)), layers.LSTM(6), layers.Dense(2)],
        "keras-gru": [
            keras.Input((10, FEATURES)),
            layers.Bidirectional(layers.GRU(5, return_sequences=True)),
            layers.Dense(2),
        ],
        "keras-text": [
            keras.Input((12,), dtype="int32"),
            layers.Embedding(50, 8),
            layers.Conv1D(6, 3, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(2, "sigmoid"),
        ],
    }
    for name, stack in makers.items():
        model = keras.Sequential(stack)
        model(numpy.zeros((1, *model.input_shape[1:]), model.inputs[0].dtype))
        model.export(save.folder / f"{name}.onnx", format="onnx", verbose=False)


class Save:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, name, model):
        (self.folder / f"{name}.onnx").write_bytes(model.SerializeToString())


if __name__ == "__main__":
    _, folder, *families = sys.argv
    for family in families:
        {"skl": make_skl, "boost": make_boost, "keras": make_keras}[family](Save(folder))
