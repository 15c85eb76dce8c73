export function Empty({ title, text }: { title: string; text: string }) {
  return (
    <div className="px-6 py-16 text-center">
      <p className="text-lg font-medium">{title}</p>
      <p className="text-muted mt-1">{text}</p>
    </div>
  );
}
