package dev.varve.http.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ITypeConverter;

/**
 * All images of a disk as {@code --chain} lists them: {@code base.vdi,...,leaf.vdi}. A comma in a
 * name is written {@code \,}; a bare one is understood, too, where only the whole name is a file.
 *
 * @param paths base first
 */
record ListedChain(List<Path> paths) {

  static final class Converter implements ITypeConverter<ListedChain> {
    @Override
    public ListedChain convert(String text) {
      List<String> pieces = new ArrayList<>();
      for (String piece : text.split("(?<!\\\\),", -1)) pieces.add(piece.replace("\\,", ","));
      List<Path> paths = new ArrayList<>();
      for (int i = 0; i < pieces.size(); ) {
        int end = endOfName(pieces, i);
        paths.add(Path.of(String.join(",", pieces.subList(i, end))));
        i = end;
      }
      return new ListedChain(paths);
    }

    /**
     * Behind the pieces from {@code begin} on that are the name of a file together; or the next.
     */
    private static int endOfName(List<String> pieces, int begin) {
      for (int end = begin + 1; end <= pieces.size(); end++)
        if (Files.exists(Path.of(String.join(",", pieces.subList(begin, end))))) return end;
      return begin + 1;
    }
  }
}
