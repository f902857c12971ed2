"""Who the product is measured beside."""

from benchmarks.peers.ejabberd import Ejabberd
from benchmarks.peers.socketio import SocketIO

__all__ = ["Ejabberd", "SocketIO"]
