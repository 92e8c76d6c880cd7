package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests that each have a control plane of their own, and two clients at its Unix socket: one that
 * asks by operation, and one that sends bytes. When a test ends, the control plane has called no
 * failure its own.
 */
abstract class OnAControlPlane {

  @TempDir Path folder;
  @TempDir Path images;
  ControlPlane plane;
  Api api;
  RawClient client;

  @BeforeEach
  void startControlPlane() throws IOException {
    plane = new ControlPlane(folder);
    api = plane.api();
    client = plane.unix();
  }

  @AfterEach
  void endControlPlane() throws IOException {
    client.close();
    api.close();
    plane.close();
    assertEquals(List.of(), plane.bugs());
  }
}
