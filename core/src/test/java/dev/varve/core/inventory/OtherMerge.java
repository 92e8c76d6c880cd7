package dev.varve.core.inventory;

import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.Progress;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/** Images that are merged in another way. */
interface OtherMerge {

  /**
   * Merges.
   *
   * @param usual does it as usual
   */
  boolean merge(Usual usual, Progress progress) throws IOException;

  /** The usual merge. */
  interface Usual {
    boolean run() throws IOException;
  }

  /** {@code images} with this merge. */
  default ImageFiles of(ImageFiles images) {
    return (ImageFiles)
        Proxy.newProxyInstance(
            ImageFiles.class.getClassLoader(),
            new Class<?>[] {ImageFiles.class},
            (_, method, arguments) -> {
              try {
                if (!method.getName().equals("merge")) return method.invoke(images, arguments);
                Progress progress = (Progress) arguments[3];
                return merge(() -> (boolean) invoke(method, images, arguments), progress);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static Object invoke(Method method, ImageFiles images, Object[] arguments)
      throws IOException {
    try {
      return method.invoke(images, arguments);
    } catch (ReflectiveOperationException e) {
      throw new IOException(e);
    }
  }
}
