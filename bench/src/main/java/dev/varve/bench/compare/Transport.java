package dev.varve.bench.compare;

import java.io.IOException;
import java.nio.file.Path;

/** How a client reaches a disk through a Unix socket. */
enum Transport {
  NBD {
    @Override
    DiskSession connect(Path socket) throws IOException {
      return NbdSession.open(socket, "");
    }

    @Override
    Load.Client client(Tool tool) {
      return tool.client();
    }
  },

  /** The disk of a virtual machine in memory that it shares with the server. */
  VHOST_USER {
    @Override
    DiskSession connect(Path socket) throws IOException {
      return GuestSession.open(socket, 1, Content.PAGE);
    }

    @Override
    Load.Client client(Tool tool) {
      if (tool != Tool.LEAN)
        throw new IllegalArgumentException(tool.title() + " does not speak vhost-user");
      return new GuestClient();
    }
  };

  abstract DiskSession connect(Path socket) throws IOException;

  /** The program that makes the requests of a workload. */
  abstract Load.Client client(Tool tool);
}
