package dev.varve.bench;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The circles of files: groups in which each file uses each other, by way of others perhaps. What
 * is nested in a type belongs to its file. (Tarjan's strongly connected components.)
 */
final class FileCycles {

  private final Map<String, TreeSet<String>> uses = new TreeMap<>();
  private final Map<String, Integer> number = new HashMap<>();
  private final Map<String, Integer> lowest = new HashMap<>();
  private final ArrayDeque<String> open = new ArrayDeque<>();
  private final List<Set<String>> found = new ArrayList<>();

  FileCycles(JavaClasses classes) {
    for (JavaClass user : classes) {
      var used = uses.computeIfAbsent(file(user), _ -> new TreeSet<>());
      user.getDirectDependenciesFromSelf().stream()
          .map(dependency -> dependency.getTargetClass().getBaseComponentType())
          .filter(target -> target.getPackageName().startsWith("dev.varve"))
          .forEach(target -> used.add(file(target)));
    }
    for (String file : uses.keySet()) if (!number.containsKey(file)) visit(file);
  }

  private static String file(JavaClass type) {
    return type.getName().replaceFirst("\\$.*", "").replaceFirst("^dev\\.varve\\.", "");
  }

  /** Each with its files in the order of their names. */
  List<Set<String>> found() {
    return List.copyOf(found);
  }

  private int visit(String file) {
    int mine = number.size();
    number.put(file, mine);
    lowest.put(file, mine);
    open.push(file);
    for (String next : uses.getOrDefault(file, new TreeSet<>())) {
      if (!number.containsKey(next)) lowest.merge(file, visit(next), Math::min);
      else if (open.contains(next)) lowest.merge(file, number.get(next), Math::min);
    }
    if (lowest.get(file) == mine) close(file);
    return lowest.get(file);
  }

  private void close(String first) {
    var group = new TreeSet<String>();
    String file;
    do {
      file = open.pop();
      group.add(file);
    } while (!file.equals(first));
    if (group.size() > 1) found.add(group);
  }
}
