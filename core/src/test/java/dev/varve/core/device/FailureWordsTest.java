package dev.varve.core.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnknownHostException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FailureWordsTest {

  private static Stream<Arguments> failures() {
    return Stream.of(
        arguments(new IOException("the disk is full"), "the disk is full"),
        arguments(new NoSuchFileException("/a"), "/a: there is no such file"),
        arguments(new NoSuchFileException("/a", null, "no such folder"), "/a: no such folder"),
        arguments(new AccessDeniedException("/a"), "/a: permission denied"),
        arguments(
            new FileAlreadyExistsException("/a"), "/a: it exists already; choose another name"),
        arguments(new NotDirectoryException("/a"), "/a: this is not a folder"),
        arguments(new DirectoryNotEmptyException("/a"), "/a: the folder is not empty"),
        arguments(new FileSystemLoopException("/a"), "/a: the symbolic links lead in a circle"),
        arguments(
            new FileSystemException(
                "/a",
                null,
                "Too many levels of symbolic links or unable to access attributes of symbolic link"),
            "/a: the symbolic links lead in a circle"),
        arguments(new FileSystemException("/a", null, "Too many levels"), "/a: Too many levels"),
        arguments(new FileSystemException("/a"), "/a: it failed, and the system does not say why"),
        arguments(
            new AtomicMoveNotSupportedException("/a", "/b", "Invalid cross-device link"),
            "/a: it cannot be moved to another file system"),
        arguments(new ClosedChannelException(), "it was closed meanwhile"),
        arguments(new AsynchronousCloseException(), "it was closed meanwhile"),
        arguments(new EOFException(), "it ended too early"),
        arguments(new UnknownHostException("nas"), "there is no host 'nas'"),
        arguments(new MalformedInputException(1), "it is no text in UTF-8"),
        arguments(new IOException(), "it failed, and the system does not say why"),
        arguments(new IOException(new NoSuchFileException("/a")), "/a: there is no such file"),
        arguments(
            new UncheckedIOException(new AccessDeniedException("/a")), "/a: permission denied"),
        arguments(new CompletionException(new IOException("x")), "x"),
        arguments(new ExecutionException(new IOException(new IOException("x"))), "x"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void aFailureIsToldInWordsAndNeverByTheNameOfAClass(Throwable failure, String words) {
    assertEquals(words, FailureWords.of(failure));
    assertFalse(FailureWords.of(new IOException(failure)).contains("Exception"));
  }

  @Test
  void aLinkThatLeadsNowhereIsNotCalledMissing(@TempDir Path folder) throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("gone"));

    assertEquals(
        link + ": it is a symbolic link to 'gone', which does not exist",
        FailureWords.of(new NoSuchFileException(link.toString())));
  }
}
