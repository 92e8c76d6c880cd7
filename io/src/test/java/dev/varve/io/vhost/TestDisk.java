package dev.varve.io.vhost;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.Export;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A served disk on loops of its own. Any thread. */
final class TestDisk implements AutoCloseable {

  final Path folder;
  final Path socket;
  final VhostServer server;
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(2, EpollIoHandler.newFactory());

  TestDisk(BlockDevice device) throws IOException {
    this(new Export("disk", "", device, false, true, false));
  }

  TestDisk(Export export) throws IOException {
    folder = Files.createTempDirectory("vhost");
    socket = folder.resolve("s");
    var loops =
        new FrontEnd.QueueLoops() {
          @Override
          public VhostLoop enter() {
            return new VhostLoop((EventLoop) group.next(), System::nanoTime);
          }

          @Override
          public void leave(VhostLoop loop) {}
        };
    server = VhostServer.listen((EventLoop) group.next(), loops, export, socket);
  }

  @Override
  public void close() throws IOException {
    server.close().toCompletableFuture().join();
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    Files.deleteIfExists(folder);
  }
}
