package dev.varve.io.nbd;

/**
 * In which form a server answers reads. The client decides where it is given the choice, and
 * clients take what they can get. Immutable.
 */
public enum ReplyStyle {
  /**
   * The data alone behind a header: for most clients less work on every read. Such a client cannot
   * ask which parts of the disk are holes, nor is it told why a request fails.
   */
  SIMPLE,

  /** In chunks, of data or of holes, for every client that asks for them. */
  STRUCTURED
}
