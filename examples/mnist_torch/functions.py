"""The convolutional network of PyTorch's own MNIST example, on 10,000 of the images."""

from __future__ import annotations

from pathlib import Path

import numpy as np

try:
    import torch
except ModuleNotFoundError:
    raise ModuleNotFoundError(
        "this example needs PyTorch, which bridge does not bring along: pip install torch",
        name="torch",
    ) from None

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its name everywhere)
from torch.optim import Adadelta
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

DATA = Path(__file__).parent / "data" / "mnist-10k.npz"
MEAN, DEVIATION = 0.1307, 0.3081  # of all pixels of MNIST


class Net(nn.Module):
    """Two convolutions, dropout and two linear layers, from an image to ten log-probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Images (n, 1, 28, 28) to log-probabilities (n, 10)."""
        x = F.relu(self.conv1(images))
        x = F.relu(self.conv2(x))
        x = self.dropout1(F.max_pool2d(x, 2))
        x = F.relu(self.fc1(torch.flatten(x, 1)))
        return F.log_softmax(self.fc2(self.dropout2(x)), dim=1)


def load_digits(part: str, size: int) -> TensorDataset:
    """The first `size` images, normalised, and labels of one part (`train` or `test`)."""
    with np.load(DATA) as data:
        pixels, labels = data[f"x_{part}"][:size], data[f"y_{part}"][:size]
    images = torch.from_numpy(pixels).unsqueeze(1).float() / 255
    return TensorDataset((images - MEAN) / DEVIATION, torch.from_numpy(labels).long())


def train(
    train_size: int, batch_size: int, epochs: int, learning_rate: float, gamma: float, seed: int
) -> list[float]:
    """Write the trained network to `mnist_cnn.pt`; return the mean loss of each epoch."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    model = Net()
    optimizer = Adadelta(model.parameters(), lr=learning_rate)
    scheduler = StepLR(optimizer, step_size=1, gamma=gamma)
    batches = DataLoader(load_digits("train", train_size), batch_size=batch_size, shuffle=True)
    losses = []
    for _ in range(epochs):
        losses.append(train_epoch(model, batches, optimizer))
        scheduler.step()
    torch.save(model.state_dict(), "mnist_cnn.pt")
    return losses


def train_epoch(model: Net, batches: DataLoader[tuple[Tensor, ...]], optimizer: Adadelta) -> float:
    """Show the network every image once; return the mean loss."""
    model.train()
    losses = []
    for images, labels in batches:
        optimizer.zero_grad()
        loss = F.nll_loss(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


def evaluate(test_size: int = 2000) -> tuple[float, float]:
    """Return the mean loss and the accuracy of the network in `mnist_cnn.pt` on the test set."""
    model = Net()
    model.load_state_dict(torch.load("mnist_cnn.pt", weights_only=True))
    model.eval()
    images, labels = load_digits("test", test_size).tensors
    with torch.no_grad():
        output = torch.cat([model(batch) for batch in images.split(1000)])
    hits = (output.argmax(dim=1) == labels).float()
    return F.nll_loss(output, labels).item(), hits.mean().item()
