"""The API under /v1: routes and response models."""
