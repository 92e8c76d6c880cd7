package dev.varve.io.chain;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.ExtentSink;
import dev.varve.core.device.Stages;
import dev.varve.io.file.ImageFile;
import dev.varve.io.host.RawMedium;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * The disk that a {@link DiskCopy} reads: it tells which parts hold data. Not thread-safe; blocks.
 */
public sealed interface DiskSource extends Closeable {

  /** In bytes. */
  long capacity();

  /**
   * The first offset from {@code offset} on where the data may not be zero; the capacity if there
   * is none.
   */
  long nextData(long offset) throws IOException;

  /** Reads all of {@code destination}, native memory. */
  void read(long offset, MemorySegment destination) throws IOException;

  /** A file or a block device whose bytes are the disk's. */
  static DiskSource raw(Path path) throws IOException {
    return new Raw(RawMedium.openFile(path, true));
  }

  /** An open file whose bytes are the disk's, which the source closes when it is closed. */
  static DiskSource raw(ImageFile file) throws IOException {
    try {
      return new Raw(file);
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  /** An open disk, which the source closes when it is closed. */
  static DiskSource device(BlockDevice device) {
    return new Device(device);
  }

  /** See {@link #raw}. */
  final class Raw implements DiskSource {
    private final ImageFile file;
    private final long capacity;

    private Raw(ImageFile file) throws IOException {
      this.file = file;
      this.capacity = file.length();
    }

    @Override
    public long capacity() {
      return capacity;
    }

    @Override
    public long nextData(long offset) throws IOException {
      return file.nextData(offset, capacity);
    }

    @Override
    public void read(long offset, MemorySegment destination) throws IOException {
      file.read(offset, destination);
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  /** See {@link #device}. */
  final class Device implements DiskSource {

    /** The length of the range for which extents are requested at once. */
    private static final long WINDOW = 1L << 40;

    private final BlockDevice device;

    /** The bounds of the extent that {@link #nextData} found last. */
    private long dataBegin;

    private long dataEnd;

    private Device(BlockDevice device) {
      this.device = device;
    }

    @Override
    public long capacity() {
      return device.capacity();
    }

    @Override
    public long nextData(long offset) throws IOException {
      if (offset >= dataBegin && offset < dataEnd) return offset;
      while (offset < capacity()) {
        long length = Math.min(WINDOW, capacity() - offset);
        var search = new DataSearch(offset);
        DiskExtents.of(device, offset, length, search);
        if (search.length > 0) {
          dataBegin = search.at;
          dataEnd = search.at + search.length;
          return dataBegin;
        }
        offset += length;
      }
      return capacity();
    }

    @Override
    public void read(long offset, MemorySegment destination) throws IOException {
      Stages.join(device.read(offset, destination));
    }

    @Override
    public void close() throws IOException {
      Stages.join(device.close());
    }

    /** Stops at the first extent that may hold something. */
    private static final class DataSearch implements ExtentSink {
      private long at;
      private long length;

      private DataSearch(long offset) {
        this.at = offset;
      }

      @Override
      public boolean extent(long length, int depth, boolean zero) {
        if (zero) {
          at += length;
          return true;
        }
        this.length = length;
        return false;
      }
    }
  }
}
