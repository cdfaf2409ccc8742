"""The chat of Channels' tutorial (part 3), with the pub/sub layer. Runs on this project's own pinned packages."""
