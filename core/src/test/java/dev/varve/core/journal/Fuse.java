package dev.varve.core.journal;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageFiles;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Set;

/**
 * Lets a number of steps happen and then ends the process, or fails: no later step happens either.
 */
public final class Fuse implements Steps {

  /** What the host says once nothing can be written any more. */
  public static final String FULL = "No space left on device";

  private static final Set<String> CHANGES =
      Set.of(
          "create",
          "createChild",
          "reset",
          "grow",
          "merge",
          "reparent",
          "makeBase",
          "copy",
          "delete",
          "deleteMade",
          "sweep");

  /** The end of the process. */
  public static final class Killed extends Error {
    private static final long serialVersionUID = 1;

    Killed(String step) {
      super(step);
    }
  }

  private final Runnable atTheEnd;
  private int left = Integer.MAX_VALUE;
  private boolean kills = true;
  private boolean blown;
  private String step = "";

  /** One that lets everything happen. */
  public Fuse() {
    this(() -> {});
  }

  /**
   * @param atTheEnd runs when the process ends
   */
  public Fuse(Runnable atTheEnd) {
    this.atTheEnd = atTheEnd;
  }

  /** Ends the process after so many more steps. */
  public void killAfter(int steps) {
    left = steps;
  }

  /** Lets nothing be changed on disk after so many more steps. */
  public void fillAfter(int steps) {
    kills = false;
    left = steps;
  }

  /** Lets everything happen, unless it has blown. */
  public void spare() {
    if (!blown) left = Integer.MAX_VALUE;
  }

  public boolean isBlown() {
    return blown;
  }

  /** The first step that did not happen. */
  public String step() {
    return step;
  }

  @Override
  public void before(String what) throws IOException {
    if (left > 0) {
      left--;
      return;
    }
    if (!kills && what.startsWith("sync")) return; // of what was written there was room for
    if (!blown) {
      blown = true;
      step = what;
      if (kills) atTheEnd.run();
    }
    if (kills) throw new Killed(what);
    throw new IOException(FULL);
  }

  /** The same images, whose changes are steps: killed before one, or with it done. */
  public ImageFiles over(ImageFiles images) {
    return (ImageFiles)
        Proxy.newProxyInstance(
            ImageFiles.class.getClassLoader(),
            new Class<?>[] {ImageFiles.class},
            (_, method, arguments) -> {
              boolean changes = CHANGES.contains(method.getName());
              String what = changes ? method.getName() + " " + arguments[0] : "";
              try {
                if (changes) before(what);
              } catch (IOException e) {
                if (method.getName().equals("sweep")) return null; // which fails in silence
                throw e;
              }
              for (int i = 0; changes && i < arguments.length; i++)
                if (arguments[i] instanceof Announcement announcement)
                  arguments[i] = heard(announcement);
              try {
                Object done = method.invoke(images, arguments);
                if (changes && !method.getName().equals("sweep")) before("done: " + what);
                return done;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private Announcement heard(Announcement announcement) {
    return (name, file) -> {
      before("announce " + file);
      announcement.before(name, file);
      before("announced " + file);
    };
  }
}
