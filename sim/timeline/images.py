"""Which image and timestep a layer is at, and whether it still belongs on a timeline."""


class Images:
    """Counts the timesteps of ``images``, of which each has so many; None: until it is cut."""

    def __init__(self, images: range, timesteps: int | None):
        self._images, self._timesteps = images, timesteps
        self._at, self._timestep = 0, 0

    @property
    def over(self) -> bool:
        """All images are through."""
        return self._at >= len(self._images)

    @property
    def begins(self) -> bool:
        """No timestep of the image is through."""
        return self._timestep == 0

    @property
    def now(self) -> dict[str, int]:
        """Index of the image in its data set, and its timestep, from 1."""
        return {"image": self._images[self._at], "timestep": self._timestep + 1}

    def step(self) -> None:
        """A timestep is through."""
        self._timestep += 1
        if self._timestep == self._timesteps:
            self.cut()

    def cut(self) -> None:
        """The image is through."""
        self._at, self._timestep = self._at + 1, 0
