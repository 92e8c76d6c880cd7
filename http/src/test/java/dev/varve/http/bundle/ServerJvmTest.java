package dev.varve.http.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** What a user reads of a Java runtime that cannot be asked. */
class ServerJvmTest {

  @Test
  void aUserWhoMayNotAskReadsWhoMayAndNoStackTrace() {
    String said =
        """
        4711:
        java.io.IOException: Operation not permitted
        \tat jdk.attach/sun.tools.attach.VirtualMachineImpl.sendQuitTo(Native Method)
        \tat jdk.jcmd/sun.tools.jcmd.JCmd.main(JCmd.java:104)
        """;

    assertEquals(
        "only the server's user and root can ask its Java runtime: run the command as one of them",
        ServerJvm.why("jcmd", said));
  }

  @Test
  void anyOtherFailureKeepsItsWordsOnly() {
    String said =
        """
        4711:
        java.lang.IllegalArgumentException: Unknown diagnostic command
        \tat jdk.attach/sun.tools.attach.VirtualMachineImpl.execute(VirtualMachineImpl.java:99)
        Caused by: java.io.IOException: no such process
        \t... 3 more
        """;

    assertEquals(
        "jcmd failed: Unknown diagnostic command; no such process", ServerJvm.why("jcmd", said));
  }
}
