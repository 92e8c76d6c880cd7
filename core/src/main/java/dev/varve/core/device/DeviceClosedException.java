package dev.varve.core.device;

import java.io.IOException;

/** The device was closed before the request was carried out. Immutable. */
public final class DeviceClosedException extends IOException {
  private static final long serialVersionUID = 1;

  public DeviceClosedException(String message) {
    super(message);
  }
}
