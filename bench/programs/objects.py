"""Objects, dictionaries, strings and JSON that come and go; the argument is the number of rounds."""
import json
import sys


class Node:
    def __init__(self, key, left, right):
        self.key = key
        self.left = left
        self.right = right


def tree_build(low, high):
    if low >= high:
        return None
    middle = (low + high) // 2
    return Node(str(middle), tree_build(low, middle), tree_build(middle + 1, high))


def tree_sum(node):
    return 0 if node is None else len(node.key) + tree_sum(node.left) + tree_sum(node.right)


def documents(number):
    return [{"id": i, "name": f"item {i * number}", "tags": [f"t{i % 7}", f"u{i % 11}"], "price": i / 4,
             "text": "word " * (i % 30)} for i in range(6000)]


def main():
    kept = tree_build(0, 60000)
    for number in range(1, int(sys.argv[1]) + 1):
        text = json.dumps(documents(number))
        back = json.loads(text)
        by_tag = {}
        for item in back:
            by_tag.setdefault(tuple(item["tags"]), []).append(item["name"].upper().split())
        print(number, len(text), len(by_tag), tree_sum(tree_build(0, 20000)))
    print(tree_sum(kept))


main()
