"""The windows of a convolution: from positions of maps to addresses of spikes."""
