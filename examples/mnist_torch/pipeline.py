"""The convolutional network of PyTorch's own MNIST example: trained, then tested."""

from bridge import Catalog, Pipeline, PythonTask, json, metric

from functions import evaluate, train

pipeline = Pipeline(
    name="mnist_torch",
    parameters={
        "train_size": 8000,
        "batch_size": 64,
        "epochs": 3,
        "learning_rate": 1.0,
        "gamma": 0.7,
        "seed": 1,
    },
    include=["data/mnist-10k.npz"],
    steps=[
        PythonTask(
            function=train,
            returns=[json("losses")],
            catalog=Catalog(put=["mnist_cnn.pt"]),
        ),
        PythonTask(
            function=evaluate,
            returns=[metric("loss"), metric("accuracy")],
            catalog=Catalog(get=["mnist_cnn.pt"]),
        ),
    ],
)

if __name__ == "__main__":
    pipeline.execute()
