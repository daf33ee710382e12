"""The store of a home: its landing and its publications beside the home, in a folder or on S3."""
