"""A crowd of clients that follow docs/realtime.md on two servers, while everything that can break does."""
