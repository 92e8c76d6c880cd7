package dev.varve.core.medium;

/**
 * What a file takes on its host, in bytes. Immutable.
 *
 * @param length as its file system tells it, holes included
 * @param own on the host, for this file alone
 * @param shared on the host, shared with other files: reflinked. 0 where the file system does not
 *     tell
 * @param freed what deleting the file gives back; less than {@code own} if it has another name
 */
public record FileBytes(long length, long own, long shared, long freed) {

  /** Of no file. */
  public static final FileBytes NONE = new FileBytes(0, 0, 0, 0);

  /** Those of two files; what they share with each other is not given back by deleting both. */
  public FileBytes plus(FileBytes other) {
    return new FileBytes(
        length + other.length, own + other.own, shared + other.shared, freed + other.freed);
  }

  /** On the host, shared or not. */
  public long allocated() {
    return own + shared;
  }
}
