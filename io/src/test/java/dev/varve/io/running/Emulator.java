package dev.varve.io.running;

import dev.varve.io.nbd.NbdClient;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/** Uses a disk of a machine over NBD as an emulator does, one request at a time. */
final class Emulator implements Closeable {

  private final NbdClient client;
  private int writes;

  Emulator(Path socket, String export) throws IOException {
    client = NbdClient.connect(socket);
    try {
      client.greet().go(export);
    } catch (IOException e) {
      client.close();
      throw e;
    }
  }

  long capacity() {
    return client.capacity();
  }

  /** The transmission flags of the disk. */
  int flags() {
    return client.flags();
  }

  /** Writes, and does not mind if the disk ends. */
  void writeOrEnd(long offset, byte[] data) {
    try {
      write(offset, data);
    } catch (IOException e) {
      // It has ended.
    }
  }

  byte[] read(long offset, int length) throws IOException {
    return client.read(offset, length);
  }

  void write(long offset, byte[] data) throws IOException {
    client.write(0, 7, offset, data);
    int error = client.simpleReply().error();
    if (error != 0) throw new IOException("write failed with " + error);
    synchronized (this) {
      writes++;
      notifyAll();
    }
  }

  /** Waits until another thread has written so often. */
  synchronized void awaitWrites(int count) throws InterruptedException {
    while (writes < count) wait();
  }

  void discard(long offset, long length) throws IOException {
    int error = client.discard(offset, length);
    if (error != 0) throw new IOException("discard failed with " + error);
  }

  void writeZeroes(long offset, long length) throws IOException {
    int error = client.writeZeroes(offset, length);
    if (error != 0) throw new IOException("write-zeroes failed with " + error);
  }

  void flush() throws IOException {
    int error = client.flush();
    if (error != 0) throw new IOException("flush failed with " + error);
  }

  /** Asks for this much, and never takes it. */
  void askAndNeverRead(int times, int length) throws IOException {
    client.askForReads(times, length);
  }

  @Override
  public void close() throws IOException {
    client.close();
  }

  static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }
}
