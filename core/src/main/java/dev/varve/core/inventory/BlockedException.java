package dev.varve.core.inventory;

import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ModelException;
import java.util.Collection;
import java.util.List;

/** The model refuses a call because of something that the caller can end. Immutable. */
public final class BlockedException extends ModelException {
  private static final long serialVersionUID = 1;

  /** A user who is told more than this is not helped by more. */
  private static final int MOST = 32;

  private final transient List<Blocker> blockers;

  BlockedException(ErrorCode code, String message, Collection<? extends Blocker> blockers) {
    super(code, message);
    this.blockers = blockers.stream().<Blocker>map(each -> each).limit(MOST).toList();
  }

  /** What stands in the way; the first ones, if there are very many. */
  public List<Blocker> blockers() {
    return blockers;
  }
}
