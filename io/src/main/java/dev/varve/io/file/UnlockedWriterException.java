package dev.varve.io.file;

/**
 * A process that takes no locks has the image open for writing. The message names the process,
 * where it is known. {@link OtherWriters#tolerate} opens the image all the same. Immutable.
 */
public final class UnlockedWriterException extends ImageInUseException {
  private static final long serialVersionUID = 1;

  UnlockedWriterException(String message) {
    super(message);
  }
}
