"""The version, in one place both the package's door and its inner rooms may read."""

VERSION = "0.1.0"
