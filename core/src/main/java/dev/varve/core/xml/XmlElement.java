package dev.varve.core.xml;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An element of an XML file that can be changed without touching anything else of the file:
 * whatever is not changed is written as it was read, down to the white space. Not thread-safe.
 */
public final class XmlElement implements XmlNode {

  private static final String STEP = "  ";

  private final String file;
  private final int line;
  private final String namespace;
  private final String name;
  private final List<XmlAttribute> attributes;
  private final String blanksInTag;
  private final List<XmlNode> children = new ArrayList<>();
  private boolean selfClosing;
  private String endTag;
  private @Nullable XmlElement parent;
  // How far it was indented where it stood last; null for one that never stood anywhere.
  private @Nullable String lastIndent;

  /**
   * An element as the file has it.
   *
   * @param file for messages
   * @param line of its start tag, from 1
   * @param namespace empty for none
   * @param name with its prefix
   * @param blanksInTag the white space before the end of the start tag
   */
  XmlElement(
      String file,
      int line,
      String namespace,
      String name,
      List<XmlAttribute> attributes,
      String blanksInTag,
      boolean selfClosing) {
    this.file = file;
    this.line = line;
    this.namespace = namespace;
    this.name = name;
    this.attributes = new ArrayList<>(attributes);
    this.blanksInTag = blanksInTag;
    this.selfClosing = selfClosing;
    this.endTag = "</" + name + ">";
  }

  /** A new element, that will stand in this one or elsewhere in the same file. */
  public XmlElement newElement(String newName) {
    return new XmlElement(file, line, namespace, newName, List.of(), "", true);
  }

  /** The same with all it contains, standing nowhere. */
  public XmlElement copy() {
    var copy = new XmlElement(file, line, namespace, name, attributes, blanksInTag, selfClosing);
    copy.endTag = endTag;
    copy.lastIndent = indent();
    for (XmlNode child : children)
      switch (child) {
        case XmlText text -> copy.children.add(text);
        case XmlElement element -> copy.read(element.copy());
      }
    return copy;
  }

  // ---- reading

  /** For the reader: the next node as it stands in the file. */
  void read(XmlNode child) {
    children.add(child);
    if (child instanceof XmlElement element) element.parent = this;
  }

  /** For the reader: the end tag as it stands in the file. */
  void readEnd(String tag) {
    endTag = tag;
  }

  public String name() {
    return name;
  }

  public String namespace() {
    return namespace;
  }

  boolean isSelfClosing() {
    return selfClosing;
  }

  public @Nullable XmlElement parent() {
    return parent;
  }

  public @Nullable String attribute(String attribute) {
    int i = indexOf(attribute);
    return i < 0 ? null : attributes.get(i).value();
  }

  /** The children of that name, in the same namespace as this element. */
  public List<XmlElement> elements(String child) {
    List<XmlElement> found = new ArrayList<>();
    for (XmlNode node : children)
      if (node instanceof XmlElement element && element.is(child)) found.add(element);
    return found;
  }

  /** All its children, of any name and namespace, in the order of the file. */
  public List<XmlElement> elements() {
    List<XmlElement> found = new ArrayList<>();
    for (XmlNode node : children) if (node instanceof XmlElement element) found.add(element);
    return found;
  }

  /** Its name without a prefix. */
  public String localName() {
    return local(name);
  }

  /** The first attribute of that name, with any prefix or none; null if there is none. */
  public @Nullable String attributeOfAnyPrefix(String local) {
    for (XmlAttribute a : attributes) if (local(a.name()).equals(local)) return a.value();
    return null;
  }

  private static String local(String name) {
    return name.substring(name.indexOf(':') + 1);
  }

  /** All elements in it, in the order of the file. */
  public List<XmlElement> descendants() {
    List<XmlElement> found = new ArrayList<>();
    for (XmlNode node : children)
      if (node instanceof XmlElement element) {
        found.add(element);
        found.addAll(element.descendants());
      }
    return found;
  }

  /**
   * Whether it means the same in another file with the same default namespace: no name in it has a
   * prefix, and no element a namespace of its own.
   */
  public boolean isPlain() {
    for (XmlAttribute a : attributes)
      if (a.name().contains(":") || a.name().equals("xmlns")) return false;
    if (name.contains(":")) return false;
    return elements().stream().allMatch(XmlElement::isPlain);
  }

  /** The first child of that name; null if there is none. */
  public @Nullable XmlElement child(String child) {
    for (XmlNode node : children)
      if (node instanceof XmlElement element && element.is(child)) return element;
    return null;
  }

  private boolean is(String wanted) {
    return name.equals(wanted) && (parent == null || namespace.equals(parent.namespace));
  }

  /** What it says between its tags, without what its children say. */
  public String text() {
    var text = new StringBuilder();
    for (XmlNode node : children) if (node instanceof XmlText t) text.append(t.text());
    return text.toString();
  }

  /** Where it stands, for messages: the file, the line and the name. */
  public String place() {
    return "%s, line %d, <%s>".formatted(file, line, name);
  }

  /** The line of its start tag, from 1; for a new element, of the one that it was made from. */
  public int line() {
    return line;
  }

  // ---- changing

  /**
   * Sets an attribute. A new one goes before those that come after it in {@code order}.
   *
   * @param order names of attributes
   * @throws XmlException if XML cannot hold the value; nothing has changed
   */
  public void set(String attribute, String value, List<String> order) throws XmlException {
    checkWritable(attribute, value);
    int i = indexOf(attribute);
    if (i >= 0) {
      attributes.set(i, attributes.get(i).with(value));
      return;
    }
    List<String> later = order.subList(order.indexOf(attribute) + 1, order.size());
    int place = 0;
    while (place < attributes.size() && !later.contains(attributes.get(place).name())) place++;
    attributes.add(place, XmlAttribute.of(attribute, value));
  }

  private void checkWritable(String what, String value) throws XmlException {
    int bad = XmlEscape.unwritable(value);
    if (bad >= 0)
      throw new XmlException(
          "%s: %s must not hold the character U+%04X, which no XML file can hold; leave it out"
              .formatted(place(), what, bad));
  }

  public void remove(String attribute) {
    attributes.removeIf(a -> a.name().equals(attribute));
  }

  private int indexOf(String attribute) {
    for (int i = 0; i < attributes.size(); i++)
      if (attributes.get(i).name().equals(attribute)) return i;
    return -1;
  }

  /**
   * Replaces everything in it by a text.
   *
   * @throws XmlException if XML cannot hold the text; nothing has changed
   */
  public void setText(String text) throws XmlException {
    checkWritable("the text", text);
    children.clear();
    children.add(new XmlText(XmlEscape.text(text), text));
  }

  /**
   * The first child of that name; made if there is none.
   *
   * @param before a new one goes before the first of these, or else to the end
   */
  public XmlElement require(String child, String... before) {
    XmlElement found = child(child);
    if (found == null) {
      found = newElement(child);
      add(found, before);
    }
    return found;
  }

  /**
   * Makes {@code wanted} the children of that name, in that order: what is not among them goes,
   * what stands elsewhere comes here.
   *
   * @param before if there was none: before the first of these, or else at the end
   */
  public void arrange(String child, List<XmlElement> wanted, String... before) {
    for (XmlElement element : elements(child)) if (!wanted.contains(element)) element.detach();
    XmlElement last = null;
    for (int i = 0; i < wanted.size(); i++) {
      XmlElement element = wanted.get(i);
      List<XmlElement> present = elements(child);
      boolean inPlace = i < present.size() && present.get(i) == element;
      if (!inPlace) {
        element.detach();
        if (last != null) insert(element, children.indexOf(last) + 1);
        else if (child(child) instanceof XmlElement first) insertBefore(element, first);
        else add(element, before);
      }
      last = element;
    }
  }

  /** Adds an element before the first child of one of these names, or else at the end. */
  public void add(XmlElement element, String... before) {
    List<String> names = List.of(before);
    for (XmlNode node : children)
      if (node instanceof XmlElement e && names.contains(e.name)) {
        insertBefore(element, e);
        return;
      }
    int last = children.size();
    while (last > 0 && children.get(last - 1) instanceof XmlText text && text.isBlank()) last--;
    if (last == 0) {
      children.clear();
      children.add(blank(lineEnd() + indent()));
    }
    insert(element, last);
  }

  private void insertBefore(XmlElement element, XmlElement next) {
    int at = children.indexOf(next);
    boolean spaced = at > 0 && children.get(at - 1) instanceof XmlText text && text.isBlank();
    insert(element, spaced ? at - 1 : at);
  }

  private void insert(XmlElement element, int at) {
    String indent = indent() + STEP;
    children.add(at, blank(lineEnd() + indent));
    children.add(at + 1, element);
    element.parent = this;
    if (element.lastIndent != null) element.reindent(element.lastIndent, indent);
  }

  /** Takes it, and the white space before it, out of where it stands. */
  public void detach() {
    if (parent == null) return;
    lastIndent = indent();
    List<XmlNode> siblings = parent.children;
    int at = siblings.indexOf(this);
    siblings.remove(at);
    if (at > 0 && siblings.get(at - 1) instanceof XmlText text && text.isBlank())
      siblings.remove(at - 1);
    if (siblings.stream().allMatch(node -> node instanceof XmlText text && text.isBlank())) {
      siblings.clear();
      parent.selfClosing = true;
    }
    parent = null;
  }

  /** What lines end with near here. */
  private String lineEnd() {
    for (XmlElement place = this; place != null; place = place.parent)
      for (XmlNode node : place.children)
        if (node instanceof XmlText text && text.raw().indexOf('\n') >= 0)
          return text.raw().contains("\r\n") ? "\r\n" : "\n";
    return "\n";
  }

  /** The white space that its line begins with. */
  private String indent() {
    if (parent == null) return lastIndent == null ? "" : lastIndent;
    int at = parent.children.indexOf(this);
    if (at > 0 && parent.children.get(at - 1) instanceof XmlText text && text.isBlank()) {
      int newLine = text.raw().lastIndexOf('\n');
      if (newLine >= 0) return text.raw().substring(newLine + 1);
    }
    return parent.indent() + STEP;
  }

  private void reindent(String from, String to) {
    if (from.equals(to)) return;
    for (int i = 0; i < children.size(); i++)
      switch (children.get(i)) {
        case XmlText text when text.isBlank() && text.raw().endsWith("\n" + tail(text)) -> {
          String tail = tail(text);
          if (tail.startsWith(from)) {
            String kept = text.raw().substring(0, text.raw().length() - tail.length());
            children.set(i, blank(kept + to + tail.substring(from.length())));
          }
        }
        case XmlText _ -> {}
        case XmlElement element -> element.reindent(from, to);
      }
  }

  private static String tail(XmlText text) {
    return text.raw().substring(text.raw().lastIndexOf('\n') + 1);
  }

  private static XmlText blank(String space) {
    return new XmlText(space, space);
  }

  @Override
  public void write(StringBuilder out) {
    out.append('<').append(name);
    for (XmlAttribute a : attributes) out.append(a.lead()).append(a.name()).append(a.raw());
    out.append(blanksInTag);
    if (children.isEmpty() && selfClosing) {
      out.append("/>");
      return;
    }
    out.append('>');
    for (XmlNode child : children) child.write(out);
    out.append(endTag);
  }
}
