"""From bytes to what cards show: frames in, frames out, no clock, network, disk or logger."""
