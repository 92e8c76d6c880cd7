package dev.varve.http.access;

import java.nio.file.Path;
import java.util.Set;

/**
 * What the user of a server lets others do with it, and what they get if they do not say.
 * Immutable.
 *
 * @param peers what users that connect to the Unix socket may do
 * @param media where files may be
 * @param readable other files and folders that the server itself reads again while it runs
 * @param disks what new disks are
 */
public record Policy(PeerRights peers, MediaRoots media, Set<Path> readable, NewDisks disks) {

  /** Every client that can connect may do everything, with every file. */
  public static final Policy OPEN =
      new Policy(PeerRights.OPEN, MediaRoots.ANYWHERE, Set.of(), NewDisks.USUAL);

  public Policy {
    readable = Set.copyOf(readable);
  }
}
