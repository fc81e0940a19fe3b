"""The packages of `trispike`: the rooms keep their places and are imported as ``trispike.ROOM``."""

from setuptools import find_packages, setup

ROOMS = ("models", "golden", "rtl", "sim")
PACKAGES = [p for room in ROOMS for p in (room, *(f"{room}.{q}" for q in find_packages(room)))]

setup(
    packages=[f"trispike.{package}" for package in PACKAGES],
    package_dir={f"trispike.{room}": room for room in ROOMS},
)
