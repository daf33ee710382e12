"""What crosses a border: contracts for frames, types for settings, registry and answers, errors."""
