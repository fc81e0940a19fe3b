"""Constructor parameters of components, as attributes that can be read and not written."""

from trispike.models.errors import BadInput


class Parameter:
    """A parameter of a component's constructor, which sets it once.

    - ``kind``: its type.
    - ``least``: its smallest value, if it is an integer.

    `BadInput` if it is set to something else, `AttributeError` if it is set again.
    """

    def __init__(self, kind: type, *, least: int | None = None):
        self._kind, self._least = kind, least

    def __set_name__(self, owner: type, name: str):
        self._name = name

    def __get__(self, component, owner=None):
        return self if component is None else vars(component)[self._name]

    def __set__(self, component, value):
        name = f"{type(component).__name__}'s {self._name}"
        if self._name in vars(component):
            raise AttributeError(f"{name} cannot be changed")
        if not isinstance(value, self._kind) or (self._kind is int and isinstance(value, bool)):
            raise BadInput(f"{name} must be of type {self._kind.__name__}, not {value!r}")
        if self._least is not None and value < self._least:
            raise BadInput(f"{name} must be {self._least} or more, not {value!r}")
        vars(component)[self._name] = value
