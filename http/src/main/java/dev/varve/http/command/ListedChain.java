package dev.varve.http.command;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.ITypeConverter;

/**
 * All images of a disk as {@code --chain} lists them: {@code base.vdi,...,leaf.vdi}.
 *
 * @param paths base first
 */
record ListedChain(List<Path> paths) {

  static final class Converter implements ITypeConverter<ListedChain> {
    @Override
    public ListedChain convert(String text) {
      return new ListedChain(Arrays.stream(text.split(",", -1)).map(Path::of).toList());
    }
  }
}
