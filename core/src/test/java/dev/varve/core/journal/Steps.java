package dev.varve.core.journal;

import dev.varve.core.medium.ImageFiles;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Hears of every step that changes something on disk, and can end things there. */
public interface Steps {

  /** Hears and does nothing. */
  Steps UNHEARD = _ -> {};

  /**
   * {@code step} comes now.
   *
   * @throws IOException as if the step failed; an {@link Error} instead is the end of the program:
   *     nothing more is done
   */
  void before(String step) throws IOException;

  /** The files of this host, whose changes are steps. */
  default HostFiles files() {
    return new SteppedFiles(this);
  }

  /** Images whose changes by the journal are steps too. */
  default ImageFiles stepping(ImageFiles images) {
    return (ImageFiles)
        Proxy.newProxyInstance(
            ImageFiles.class.getClassLoader(),
            new Class<?>[] {ImageFiles.class},
            (_, method, arguments) -> {
              String step = step(method.getName(), arguments);
              if (step != null) before(step);
              try {
                return method.invoke(images, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static @Nullable String step(String method, Object... arguments) {
    return switch (method) {
      case "delete", "deleteMade" -> "delete " + arguments[0];
      case "makeBase" -> "make %s a base".formatted(arguments[0]);
      case "exchange" -> "exchange " + arguments[1];
      case String m when m.startsWith("reparent") ->
          "make %s the parent of %s".formatted(arguments[1], arguments[0]);
      default -> null;
    };
  }

  /** The files of this host, whose changes are steps. */
  record SteppedFiles(Steps steps) implements HostFiles {

    @Override
    public void write(Path file, byte[] contents, Path model) throws IOException {
      steps.before("write " + file);
      REAL.write(file, contents, model);
    }

    @Override
    public void move(Path from, Path to) throws IOException {
      steps.before(
          Kept.isName(to)
              ? "keep what is not saved beside " + to
              : "replace " + to.toString().replaceFirst("\\.varve-swap$", ""));
      REAL.move(from, to);
    }

    @Override
    public void link(Path name, Path file) throws IOException {
      steps.before("replace " + name);
      REAL.link(name, file);
    }

    @Override
    public void keep(Path file, Path name) throws IOException {
      steps.before("keep " + name);
      REAL.keep(file, name);
    }

    @Override
    public boolean delete(Path file) throws IOException {
      String name = file.toString();
      steps.before((name.endsWith(".change") ? "end change " : "clear away ") + name);
      return REAL.delete(file);
    }

    @Override
    public void syncName(Path file) throws IOException {
      steps.before("sync folder of " + file);
      REAL.syncName(file);
    }

    @Override
    public FileChannel open(Path file) throws IOException {
      steps.before("open " + file);
      return REAL.open(file);
    }
  }
}
