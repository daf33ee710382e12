"""The pages: rendered on the server, charts as SVG."""
